#include "earthcatalog/catalog/table_rows.h"

#include <arrow/api.h>

#include <string_view>

#include "earthcatalog/geoparquet/reader.h"

namespace earthcatalog::catalog {
namespace {

constexpr const char* kColumns[] = {"id", "collection", "updated"};

std::string_view text_at(const arrow::Array& array, std::int64_t row) {
  return array.IsNull(row) ? std::string_view() : static_cast<const arrow::StringArray&>(array).GetView(row);
}

}  // namespace

Status for_each_row(storage::Stores& stores, const iceberg::Schema& schema, const iceberg::DataFile& file,
                    const std::function<Status(const Hash128&, std::optional<TimeMicros>)>& visit) {
  iceberg::Schema wanted;
  for (const char* name : kColumns) {
    const auto* field = schema.find(name);
    if (field == nullptr) return fail(ErrorKind::kInvalidData, "the table has no column {}", name);
    wanted.fields.push_back(*field);
  }
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(file.file_path));
  EC_ASSIGN_OR_RETURN(const auto reader, geoparquet::FileReader::open(where, file.file_size_in_bytes));
  for (int group = 0; group < reader->row_groups(); ++group) {
    EC_ASSIGN_OR_RETURN(const auto raw, reader->read_row_group(group, {std::begin(kColumns), std::end(kColumns)}));
    EC_ASSIGN_OR_RETURN(const auto rows, annotate(geoparquet::conform(raw, wanted), file.file_path));
    const auto& updated = static_cast<const arrow::TimestampArray&>(*rows->column(2));
    for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
      const auto identity = identity_hash(text_at(*rows->column(1), row), text_at(*rows->column(0), row));
      EC_TRY(visit(identity, updated.IsNull(row) ? std::nullopt : std::optional(updated.Value(row))));
    }
  }
  return {};
}

}  // namespace earthcatalog::catalog
