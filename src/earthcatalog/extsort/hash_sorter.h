// Sorts any number of fixed-width records by the hash in front of them, in bounded memory: split by the hash's first
// byte into 256 parts, kept in an unlinked file when they are many, and sorted part by part.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "earthcatalog/extsort/hash_sort.h"
#include "earthcatalog/extsort/hash_table.h"
#include "earthcatalog/extsort/scratch_file.h"
#include "earthcatalog/result.h"

namespace earthcatalog::extsort {

/// `Record` is trivially copyable, ordered by <, and has a member `Hash128 key` that its order begins with.
/// Not thread-safe.
template <class Record>
class HashSorter {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  explicit HashSorter(HashTableOptions options) : options_(std::move(options)) {}

  std::int64_t size() const { return size_; }

  Status add(const Record& record) {
    parts_[record.key.bytes[0]].buffer.push_back(record);
    ++size_;
    if (++buffered_ * static_cast<std::int64_t>(sizeof(Record)) < options_.memory_bytes) return {};
    return spill();
  }

  /// All records in order, part by part; each part is valid until the next call, and no part is empty but the one that
  /// says the end. Nothing may be added once it has been called. Memory is that of the largest part.
  Result<std::span<const Record>> next_part() {
    sorted_.clear();
    while (sorted_.empty() && drained_ < parts_.size()) EC_TRY(load(parts_[drained_++]));
    if (sorted_.empty()) file_.reset();
    sort_by_hash(std::span(sorted_), 1);
    return std::span<const Record>(sorted_);
  }

  /// Calls `visit(std::span<const Record>)` for each part in turn.
  template <class Visit>
  Status drain(Visit&& visit) {
    for (;;) {
      EC_ASSIGN_OR_RETURN(const auto part, next_part());
      if (part.empty()) return {};
      EC_TRY(visit(part));
    }
  }

 private:
  struct Part {
    std::vector<Record> buffer;
    std::vector<std::pair<std::int64_t, std::size_t>> extents;  // offset in the file, records
  };

  Status load(Part& part) {
    for (const auto& [offset, count] : part.extents) {
      const std::size_t old = sorted_.size();
      sorted_.resize(old + count);
      EC_TRY(file_->read(offset, std::as_writable_bytes(std::span(sorted_).subspan(old))));
    }
    sorted_.insert(sorted_.end(), part.buffer.begin(), part.buffer.end());
    part = Part{};
    return {};
  }

  Status spill() {
    if (!file_) {
      EC_ASSIGN_OR_RETURN(file_, ScratchFile::create(options_.scratch_folder));
    }
    for (auto& part : parts_) {
      if (part.buffer.empty()) continue;
      part.extents.emplace_back(file_->size(), part.buffer.size());
      EC_TRY(file_->append(std::as_bytes(std::span(part.buffer))));
      part.buffer.clear();
    }
    buffered_ = 0;
    return {};
  }

  HashTableOptions options_;
  std::array<Part, 256> parts_;
  std::size_t drained_ = 0;     // parts that next_part() has given
  std::vector<Record> sorted_;  // the one that it gave last
  std::int64_t size_ = 0, buffered_ = 0;
  std::optional<ScratchFile> file_;
};

/// All that `sorter` holds as a table to look things up in.
template <class Record>
Result<HashTable<Record>> to_table(HashSorter<Record>& sorter, HashTableOptions options) {
  HashTable<Record> table(sorter.size(), std::move(options));
  EC_TRY(sorter.drain([&](std::span<const Record> part) -> Status {
    for (const Record& record : part) EC_TRY(table.append(record));
    return {};
  }));
  EC_TRY(table.finish());
  return table;
}

}  // namespace earthcatalog::extsort
