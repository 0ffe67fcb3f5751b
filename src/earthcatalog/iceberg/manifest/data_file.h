// One data file or delete file, as manifests describe it (https://iceberg.apache.org/spec/#manifests, data_file).
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace earthcatalog::iceberg {

/// Values by field id, ascending. A std::map in a vector's memory: a table has millions of these numbers.
/// operator[] is O(1) at the end and O(n) elsewhere.
template <class T>
class FieldMap {
 public:
  using value_type = std::pair<int, T>;
  FieldMap() = default;
  FieldMap(std::initializer_list<value_type> values) {
    for (const auto& [id, value] : values) (*this)[id] = value;
  }

  /// From values in any order; of several with one id the last stays.
  static FieldMap from(std::vector<value_type> values) {
    const auto before = [](const value_type& a, const value_type& b) { return a.first < b.first; };
    const auto same = [](const value_type& a, const value_type& b) { return a.first == b.first; };
    FieldMap map;
    map.entries_ = std::move(values);
    auto& entries = map.entries_;
    if (!std::is_sorted(entries.begin(), entries.end(), before)) {
      std::stable_sort(entries.begin(), entries.end(), before);
    }
    if (std::adjacent_find(entries.begin(), entries.end(), same) != entries.end()) {
      entries.erase(entries.begin(), std::unique(entries.rbegin(), entries.rend(), same).base());
    }
    return map;
  }

  T& operator[](int field_id) {
    if (entries_.empty() || entries_.back().first < field_id) return entries_.emplace_back(field_id, T{}).second;
    const auto at = lower_bound(entries_, field_id);
    if (at->first == field_id) return at->second;
    return entries_.insert(at, {field_id, T{}})->second;
  }
  /// The value of a field, or null.
  const T* find(int field_id) const {
    const auto at = lower_bound(entries_, field_id);
    return at != entries_.end() && at->first == field_id ? &at->second : nullptr;
  }
  bool contains(int field_id) const { return find(field_id) != nullptr; }
  /// Returns the value of a field that must be there.
  const T& at(int field_id) const {
    const T* value = find(field_id);
    if (value == nullptr) throw std::out_of_range("FieldMap::at");
    return *value;
  }
  void reserve(std::size_t fields) { entries_.reserve(fields); }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  bool operator==(const FieldMap&) const = default;

 private:
  static auto lower_bound(auto& entries, int field_id) {
    return std::lower_bound(entries.begin(), entries.end(), field_id,
                            [](const value_type& entry, int id) { return entry.first < id; });
  }

  std::vector<value_type> entries_;
};

/// Values of the partition fields identity(grid_partition), year(datetime). Nothing is Iceberg's null.
struct PartitionKey {
  std::optional<std::string> cell;
  std::optional<std::int32_t> year_since_1970;
  auto operator<=>(const PartitionKey&) const = default;
};

enum class FileContent : std::uint8_t { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };

/// A file that names rows of data files, which count as deleted
/// (https://iceberg.apache.org/spec/#position-delete-files).
struct PositionDeletes {
  std::string file_path;  ///< full URI
  std::int64_t file_size_in_bytes = 0;
  std::int64_t record_count = 0;
  bool operator==(const PositionDeletes&) const = default;
};

struct DataFile {
  std::string file_path;  ///< full URI
  PartitionKey partition;
  std::int64_t record_count = 0;
  std::int64_t file_size_in_bytes = 0;
  // By field id. Bounds in Iceberg's single-value binary serialization, see values.h
  // (https://iceberg.apache.org/spec/#binary-single-value-serialization).
  FieldMap<std::int64_t> column_sizes = {}, value_counts = {}, null_value_counts = {}, nan_value_counts = {};
  FieldMap<std::string> lower_bounds = {}, upper_bounds = {};
  std::vector<std::int64_t> split_offsets = {};

  // Members of other writers; carried along when a manifest is rewritten.
  std::string file_format = "PARQUET";
  std::optional<std::int32_t> sort_order_id = {};
  std::optional<std::string> key_metadata = {};

  FileContent content = FileContent::kData;
  // Members of delete files, which only other engines write:
  std::vector<int> equality_ids = {};
  std::optional<std::string> referenced_data_file = {};

  /// Delete files that may name rows of this data file. Table::list_files() fills it in; manifests do not have it.
  std::vector<PositionDeletes> deletes = {};

  bool operator==(const DataFile&) const = default;
};

}  // namespace earthcatalog::iceberg
