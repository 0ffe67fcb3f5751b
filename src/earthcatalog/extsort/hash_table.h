// Fixed-width records sorted by a 128-bit hash in front of them: found by one read of about a kilobyte, be there a
// thousand or a billion of them. Few records stay in memory, many go to an unlinked file.
//
// Hashes are spread evenly, so a directory by their first bits says where each is, up to a few dozen records.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/extsort/scratch_file.h"
#include "earthcatalog/result.h"

namespace earthcatalog::extsort {

/// The first 64 bits of a hash, as a number that sorts like it.
inline std::uint64_t prefix_of(const Hash128& hash) {
  std::uint64_t prefix = 0;
  for (int i = 0; i < 8; ++i) prefix = prefix << 8 | hash.bytes[static_cast<std::size_t>(i)];
  return prefix;
}

struct HashTableOptions {
  std::string scratch_folder = "/var/tmp";
  std::int64_t memory_bytes = 64 << 20;  ///< larger tables go to a file
};

/// `Record` is trivially copyable and has a member `Hash128 key`. Once built, safe to read from many threads.
template <class Record>
class HashTable {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  /// `expected`: about how many records will come; only speed depends on it.
  HashTable(std::int64_t expected, HashTableOptions options) : options_(std::move(options)) {
    const auto buckets = static_cast<std::uint64_t>(std::max<std::int64_t>(expected / kRecordsPerBucket, 1));
    bits_ = std::min(static_cast<int>(std::bit_width(buckets)), kMaxBits);
    starts_.assign((std::size_t{1} << bits_) + 1, 0);
  }

  std::int64_t size() const { return size_; }

  /// Keys must not descend; equal ones may follow each other.
  Status append(const Record& record) {
    const auto bucket = bucket_of(record.key);
    for (; open_bucket_ <= bucket; ++open_bucket_) starts_[open_bucket_] = size_;
    records_.push_back(record);
    ++size_;
    if (static_cast<std::int64_t>(records_.size() * sizeof(Record)) < (file_ ? kBufferBytes : options_.memory_bytes)) {
      return {};
    }
    return spill();
  }

  Status finish() {
    for (; open_bucket_ < starts_.size(); ++open_bucket_) starts_[open_bucket_] = size_;
    if (file_) EC_TRY(spill());
    records_.shrink_to_fit();
    return {};
  }

  /// Calls `visit(position, record)` for each record of that key.
  template <class Visit>
  Status find(const Hash128& key, Visit&& visit) const {
    const auto bucket = bucket_of(key);
    const std::int64_t begin = starts_[bucket], end = starts_[bucket + 1];
    if (begin == end) return {};
    std::vector<Record> read;
    EC_ASSIGN_OR_RETURN(const std::span<const Record> records, range(begin, end, read));
    auto found = std::lower_bound(records.begin(), records.end(), key,
                                  [](const Record& record, const Hash128& wanted) { return record.key < wanted; });
    for (; found != records.end() && found->key == key; ++found) visit(begin + (found - records.begin()), *found);
    return {};
  }

  Result<bool> contains(const Hash128& key) const {
    bool found = false;
    EC_TRY(find(key, [&](std::int64_t, const Record&) { found = true; }));
    return found;
  }

  /// Calls `visit(position, record)` for all records in order; an error that it returns ends the scan.
  template <class Visit>
  Status scan(Visit&& visit) const {
    constexpr std::int64_t kStep = kBufferBytes / static_cast<std::int64_t>(sizeof(Record));
    std::vector<Record> read;
    for (std::int64_t begin = 0; begin < size_; begin += kStep) {
      EC_ASSIGN_OR_RETURN(const std::span<const Record> records, range(begin, std::min(begin + kStep, size_), read));
      for (std::size_t i = 0; i < records.size(); ++i) {
        EC_TRY(visit(begin + static_cast<std::int64_t>(i), records[i]));
      }
    }
    return {};
  }

  Result<Record> at(std::int64_t position) const {
    std::vector<Record> read;
    EC_ASSIGN_OR_RETURN(const std::span<const Record> records, range(position, position + 1, read));
    return records.front();
  }

 private:
  static constexpr std::int64_t kRecordsPerBucket = 16;
  static constexpr int kMaxBits = 22;
  static constexpr std::int64_t kBufferBytes = 1 << 20;

  std::size_t bucket_of(const Hash128& key) const {
    return bits_ == 0 ? 0 : static_cast<std::size_t>(prefix_of(key) >> (64 - bits_));
  }

  Status spill() {
    if (!file_) {
      EC_ASSIGN_OR_RETURN(file_, ScratchFile::create(options_.scratch_folder));
    }
    EC_TRY(file_->append(std::as_bytes(std::span(records_))));
    records_.clear();
    return {};
  }

  Result<std::span<const Record>> range(std::int64_t begin, std::int64_t end, std::vector<Record>& read) const {
    const auto count = static_cast<std::size_t>(end - begin);
    if (!file_) return std::span<const Record>(records_).subspan(static_cast<std::size_t>(begin), count);
    read.resize(count);
    EC_TRY(file_->read(begin * static_cast<std::int64_t>(sizeof(Record)), std::as_writable_bytes(std::span(read))));
    return std::span<const Record>(read);
  }

  HashTableOptions options_;
  int bits_ = 0;
  std::vector<std::int64_t> starts_;  // of each bucket: the position of its first record
  std::size_t open_bucket_ = 0;
  std::int64_t size_ = 0;
  std::vector<Record> records_;  // all of them, or, with a file, those that are not in it yet
  std::optional<ScratchFile> file_;
};

}  // namespace earthcatalog::extsort
