#include "earthcatalog/geoparquet/position_deletes.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "earthcatalog/geoparquet/reader.h"

namespace earthcatalog::geoparquet {
namespace {

// The specification reserves the ids.
constexpr int kFilePathId = 2147483546, kPosId = 2147483545;

iceberg::Schema delete_schema() {
  return {.fields = {{.field_id = kFilePathId, .name = "file_path", .type = {.id = iceberg::TypeId::kString}},
                     {.field_id = kPosId, .name = "pos", .type = {.id = iceberg::TypeId::kLong}}}};
}

// Tells whether paths, as engines spell them, are that of one file. Those of a delete file are sorted: few differ.
class PathMatch {
 public:
  explicit PathMatch(const std::string& path) : path_(spelled(path)) {}
  bool matches(std::string_view path) {
    if (path != last_) {
      last_ = path;
      same_ = spelled(last_) == path_;
    }
    return same_;
  }

 private:
  static std::string spelled(const std::string& path) {
    auto uri = storage::normalize_uri(path);
    return uri ? *std::move(uri) : path;
  }
  const std::string path_;
  std::string last_;
  bool same_ = false;
};

}  // namespace

bool is_position_deletes(const iceberg::Schema& columns) {
  const auto has = [&](int id) {
    return std::ranges::find(columns.fields, id, &iceberg::NestedField::field_id) != columns.fields.end();
  };
  return has(kFilePathId) && has(kPosId);
}

Result<std::vector<std::int64_t>> deleted_rows(storage::Stores& stores, const iceberg::DataFile& file) {
  std::vector<std::int64_t> rows;
  const auto schema = delete_schema();
  PathMatch path(file.file_path);
  for (const auto& deletes : file.deletes) {
    EC_ASSIGN_OR_RETURN(const auto reader, FileReader::open(stores, deletes.file_path, deletes.file_size_in_bytes));
    for (int group = 0; group < reader->row_groups(); ++group) {
      EC_ASSIGN_OR_RETURN(const auto batch, reader->read_rows(group, schema));
      const auto& paths = static_cast<const arrow::StringArray&>(*batch->column(0));
      const auto& positions = static_cast<const arrow::Int64Array&>(*batch->column(1));
      if (paths.null_count() + positions.null_count() > 0) {
        return fail(ErrorKind::kInvalidData, "{} names a row without file_path or pos", deletes.file_path);
      }
      for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
        if (path.matches(paths.GetView(i))) rows.push_back(positions.Value(i));
      }
    }
  }
  std::ranges::sort(rows);
  const auto again = std::ranges::unique(rows);
  rows.erase(again.begin(), again.end());
  std::erase_if(rows, [&](std::int64_t row) { return row < 0 || row >= file.record_count; });
  return rows;
}

}  // namespace earthcatalog::geoparquet
