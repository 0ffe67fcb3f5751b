#include "earthcatalog/read/table_items.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <unordered_set>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/geoparquet/reader.h"
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

class Scan {
 public:
  Scan(const iceberg::Table& table, const ItemsQuery& query, const std::function<Result<bool>(std::string_view)>& visit)
      : table_(table), query_(query), visit_(visit) {
    const auto* const field = table.schema().find("id");
    if (field != nullptr) id_.fields = {*field};
    read_.missing = query.ids;
  }

  Result<ItemsRead> run() {
    std::vector<iceberg::DataFile> files;
    EC_TRY(table_.list_files({.statistics = !query_.ids.empty()}, [&](iceberg::DataFile&& file) -> Status {
      if (!may_hold(file)) return {};
      file.lower_bounds = {};
      file.upper_bounds = {};
      files.push_back(std::move(file));
      return {};
    }));
    for (std::size_t i = 0; i < files.size() && !ended_; ++i) EC_TRY(read_file(files[i]));
    // What was not looked at to the end is not known to be missing.
    if (ended_) read_.missing.clear();
    return std::move(read_);
  }

 private:
  // Bounds may be cut short, but never exclude a value of the file.
  bool may_hold(const iceberg::DataFile& file) const {
    if (query_.ids.empty() || id_.fields.empty()) return true;
    const int id = id_.fields.front().field_id;
    const auto* const lower = file.lower_bounds.find(id);
    const auto* const upper = file.upper_bounds.find(id);
    const auto first = lower != nullptr ? query_.ids.lower_bound(*lower) : query_.ids.begin();
    return first != query_.ids.end() && (upper == nullptr || *first <= *upper);
  }

  Status read_file(const iceberg::DataFile& file) {
    EC_ASSIGN_OR_RETURN(const auto reader, geoparquet::FileReader::open(table_.stores(), file));
    for (int group = 0; group < reader->row_groups() && !ended_; ++group) {
      if (!query_.ids.empty()) {
        EC_ASSIGN_OR_RETURN(const bool any, has_ids(*reader, group));
        if (!any) continue;
      }
      EC_ASSIGN_OR_RETURN(const auto rows, reader->read_rows(group, table_.schema()));
      EC_TRY(annotate(visit_rows(rows), file.file_path));
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

  Status visit_rows(const std::shared_ptr<arrow::RecordBatch>& rows) {
    const auto* const ids = column_of<arrow::StringArray>(*rows, "id");
    const auto* const collections = column_of<arrow::StringArray>(*rows, "collection");
    const auto* const primary = column_of<arrow::BooleanArray>(*rows, "grid_primary");
    const stac::ItemWriter writer(rows);
    std::string text;
    for (std::int64_t row = 0; row < rows->num_rows() && !ended_; ++row) {
      const auto id = text_at(ids, row), collection = text_at(collections, row);
      if (query_.collection && collection != *query_.collection) continue;
      if (!query_.ids.empty() && !query_.ids.contains(id)) continue;
      const bool says = query_.ids.empty() && primary != nullptr && primary->IsValid(row);
      if (says ? !primary->Value(row) : !seen_.insert(identity_hash(collection, id)).second) continue;
      text.clear();
      EC_TRY(writer.append_json(row, text));
      EC_ASSIGN_OR_RETURN(const bool more, visit_(text));
      read_.missing.erase(std::string(id));
      ++read_.items;
      ended_ = !more || (query_.limit && read_.items >= *query_.limit);
    }
    return {};
  }

  const iceberg::Table& table_;
  const ItemsQuery& query_;
  const std::function<Result<bool>(std::string_view)>& visit_;
  iceberg::Schema id_;  // the column id alone
  std::unordered_set<Hash128> seen_;
  ItemsRead read_;
  bool ended_ = false;
};

}  // namespace

Result<ItemsRead> read_items(const iceberg::Table& table, const ItemsQuery& query,
                             const std::function<Result<bool>(std::string_view json)>& visit) {
  return Scan(table, query, visit).run();
}

}  // namespace earthcatalog::read
