#include "earthcatalog/read/table_items.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <unordered_set>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/index/duplicate_rows.h"
#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::read {
namespace {

std::string_view text_at(const arrow::StringArray* column, std::int64_t row) {
  return column != nullptr && column->IsValid(row) ? column->GetView(row) : std::string_view();
}

template <class Array>
const Array* column_of(const arrow::RecordBatch& rows, const char* name) {
  return dynamic_cast<const Array*>(rows.GetColumnByName(name).get());
}

// Bytes of an id, a collection and a time while they are read.
constexpr std::int64_t kLookBytes = 128;
// Files that stay open from the first look to the second, as far as there is memory for what a reader keeps.
constexpr std::size_t kMostOpenFiles = 128;
constexpr std::int64_t kReaderBytes = 64 << 10;

class Scan {
 public:
  Scan(const TableReader& table, const ItemsQuery& query, const std::function<Result<bool>(std::string_view)>& visit)
      : table_(table),
        query_(query),
        visit_(visit),
        doubles_(query.memory_limit_bytes / 2, query.scratch_folder),
        by_first_row_(!query.ids.empty() || query.limit) {
    id_ = columns({"id"});
    read_.missing = query.ids;
  }

  Result<ItemsRead> run() {
    for (const auto& column : table_.item_schema().columns) {
      if (const auto* const field = table_.schema().find(column.name)) item_.fields.push_back(*field);
    }
    EC_TRY(table_.list_files({.statistics = !query_.ids.empty()}, [&](iceberg::DataFile&& file) -> Status {
      if (!may_hold(file)) return {};
      file.lower_bounds = {};
      file.upper_bounds = {};
      files_.push_back(std::move(file));
      return {};
    }));
    if (!by_first_row_) EC_TRY(find_doubles());
    for (std::size_t i = 0; i < files_.size() && !ended_; ++i) EC_TRY(read_file(i));
    // What was not looked at to the end is not known to be missing.
    if (ended_) read_.missing.clear();
    return std::move(read_);
  }

 private:
  iceberg::Schema columns(std::initializer_list<const char*> names) const {
    iceberg::Schema schema;
    for (const char* name : names) {
      if (const auto* const field = table_.schema().find(name)) schema.fields.push_back(*field);
    }
    return schema;
  }

  // Bounds may be cut short, but never exclude a value of the file.
  bool may_hold(const iceberg::DataFile& file) const {
    if (query_.ids.empty() || id_.fields.empty()) return true;
    const int id = id_.fields.front().field_id;
    const auto* const lower = file.lower_bounds.find(id);
    const auto* const upper = file.upper_bounds.find(id);
    const auto first = lower != nullptr ? query_.ids.lower_bound(*lower) : query_.ids.begin();
    return first != query_.ids.end() && (upper == nullptr || *first <= *upper);
  }

  Status find_doubles() {
    std::int64_t rows = 0;
    for (const auto& file : files_) {
      first_rows_.push_back(rows);
      rows += file.record_count;
    }
    const auto columns = this->columns({"id", "collection", "updated"});
    readers_.resize(files_that_stay_open());
    EC_TRY(parallel_for(
        files_.size(), table_.stores().parallel(1, query_.memory_limit_bytes / 4),
        [&](std::size_t i) { return look_at(i, columns); },
        [&](std::size_t i) { return files_[i].record_count * kLookBytes; }));
    const MutexLock lock(mutex_);
    return doubles_.finish();
  }

  std::size_t files_that_stay_open() const {
    std::size_t files = 0;
    std::int64_t bytes = 0;
    for (; files < std::min(files_.size(), kMostOpenFiles); ++files) {
      bytes += kReaderBytes + files_[files].record_count * kLookBytes;
      if (bytes > query_.memory_limit_bytes / 4) break;
    }
    return files;
  }

  Status look_at(std::size_t number, const iceberg::Schema& columns) {
    const auto& file = files_[number];
    EC_ASSIGN_OR_RETURN(auto reader, geoparquet::FileReader::open(table_.stores(), file));
    // Its rows would bear the numbers of the next file's.
    if (reader->live_rows() > file.record_count) {
      return fail(ErrorKind::kInvalidData, "{} has {} rows, its manifest says {}", file.file_path, reader->live_rows(),
                  file.record_count);
    }
    std::int64_t row = first_rows_[number];
    for (int group = 0; group < reader->row_groups(); ++group) {
      EC_ASSIGN_OR_RETURN(const auto rows, reader->read_rows(group, columns));
      const MutexLock lock(mutex_);
      EC_TRY(annotate(doubles_.add(*rows, row), file.file_path));
      row += rows->num_rows();
    }
    if (number < readers_.size()) readers_[number] = std::move(reader);
    return {};
  }

  Result<std::unique_ptr<geoparquet::FileReader>> reader_of(std::size_t number) {
    if (number < readers_.size()) return std::move(readers_[number]);
    return geoparquet::FileReader::open(table_.stores(), files_[number]);
  }

  Status read_file(std::size_t number) {
    const auto& file = files_[number];
    EC_ASSIGN_OR_RETURN(const auto reader, reader_of(number));
    std::int64_t first = by_first_row_ ? 0 : first_rows_[number];
    for (int group = 0; group < reader->row_groups() && !ended_; ++group) {
      if (!query_.ids.empty()) {
        EC_ASSIGN_OR_RETURN(const bool any, has_ids(*reader, group));
        if (!any) continue;
      }
      EC_ASSIGN_OR_RETURN(const auto rows, reader->read_rows(group, item_));
      EC_TRY(annotate(visit_rows(rows, first), file.file_path));
      first += rows->num_rows();
    }
    return {};
  }

  Result<bool> has_ids(geoparquet::FileReader& reader, int group) const {
    EC_ASSIGN_OR_RETURN(const auto rows, reader.read_rows(group, id_));
    const auto* const ids = column_of<arrow::StringArray>(*rows, "id");
    for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
      if (query_.ids.contains(text_at(ids, row))) return true;
    }
    return false;
  }

  // Which of `count` rows from `first` on are doubles of others; none by the first row.
  std::vector<bool> doubles_among(std::int64_t first, std::int64_t count) {
    std::vector<bool> doubles(static_cast<std::size_t>(count));
    if (by_first_row_) return doubles;
    const MutexLock lock(mutex_);
    for (std::int64_t row = 0; row < count; ++row) {
      doubles[static_cast<std::size_t>(row)] = doubles_.is_dropped(first + row);
    }
    return doubles;
  }

  // `first`: the number of the first of them.
  Status visit_rows(const std::shared_ptr<arrow::RecordBatch>& rows, std::int64_t first) {
    const auto* const ids = column_of<arrow::StringArray>(*rows, "id");
    const auto* const collections = column_of<arrow::StringArray>(*rows, "collection");
    const stac::ItemWriter writer(rows);
    const auto doubles = doubles_among(first, rows->num_rows());
    std::string text;
    for (std::int64_t row = 0; row < rows->num_rows() && !ended_; ++row) {
      const auto id = text_at(ids, row), collection = text_at(collections, row);
      if (query_.collection && collection != *query_.collection) continue;
      if (!query_.ids.empty() && !query_.ids.contains(id)) continue;
      const bool again = by_first_row_ && !seen_.insert(identity_hash(collection, id)).second;
      if (again || doubles[static_cast<std::size_t>(row)]) continue;
      text.clear();
      EC_TRY(writer.append_json(row, text));
      EC_ASSIGN_OR_RETURN(const bool more, visit_(text));
      read_.missing.erase(std::string(id));
      ++read_.items;
      ended_ = !more || (query_.limit && read_.items >= *query_.limit);
    }
    return {};
  }

  const TableReader& table_;
  const ItemsQuery& query_;
  const std::function<Result<bool>(std::string_view)>& visit_;
  iceberg::Schema id_;    // the column id alone
  iceberg::Schema item_;  // the columns that make up an item: not those of other engines
  std::vector<iceberg::DataFile> files_;
  std::vector<std::int64_t> first_rows_;                          // of each file: the number of its first row
  std::vector<std::unique_ptr<geoparquet::FileReader>> readers_;  // of the first files, from the first look on
  Mutex mutex_;
  index::DuplicateRows doubles_ EC_GUARDED_BY(mutex_);
  const bool by_first_row_;
  std::unordered_set<Hash128> seen_;
  ItemsRead read_;
  bool ended_ = false;
};

}  // namespace

Result<ItemsRead> read_items(const TableReader& table, const ItemsQuery& query,
                             const std::function<Result<bool>(std::string_view json)>& visit) {
  return Scan(table, query, visit).run();
}

}  // namespace earthcatalog::read
