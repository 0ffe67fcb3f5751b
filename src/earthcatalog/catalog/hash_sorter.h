// Sorts any number of fixed-width records by the hash in front of them, in bounded memory: split by the hash's first
// byte into 256 parts, kept in an unlinked file when they are many, and sorted part by part.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "earthcatalog/catalog/hash_table.h"
#include "earthcatalog/catalog/scratch_file.h"
#include "earthcatalog/result.h"

namespace earthcatalog::catalog {

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

  /// Calls `visit(std::span<const Record>)` for each part in turn, sorted; the sorter is empty afterwards. Memory is
  /// that of the largest part.
  template <class Visit>
  Status drain(Visit&& visit) {
    for (auto& part : parts_) {
      std::vector<Record> records;
      for (const auto& [offset, count] : part.extents) {
        const std::size_t old = records.size();
        records.resize(old + count);
        EC_TRY(file_->read(offset, std::as_writable_bytes(std::span(records).subspan(old))));
      }
      records.insert(records.end(), part.buffer.begin(), part.buffer.end());
      part = Part{};
      std::ranges::sort(records);
      EC_TRY(visit(std::span<const Record>(records)));
    }
    file_.reset();
    size_ = buffered_ = 0;
    return {};
  }

 private:
  struct Part {
    std::vector<Record> buffer;
    std::vector<std::pair<std::int64_t, std::size_t>> extents;  // offset in the file, records
  };

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
  std::int64_t size_ = 0, buffered_ = 0;
  std::optional<ScratchFile> file_;
};

}  // namespace earthcatalog::catalog
