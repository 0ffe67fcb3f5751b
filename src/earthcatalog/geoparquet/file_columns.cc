#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "earthcatalog/geoparquet/columns_internal.h"

namespace earthcatalog::geoparquet {
namespace {

// Iceberg writes a name in Avro's letters: any other character as _x and its code, a digit in front behind _
// (https://github.com/apache/iceberg, AvroSchemaUtil.sanitize). "proj_x3Acode" is "proj:code".
std::string unsanitized(std::string_view name) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_plain = [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  std::string result;
  if (name.size() > 1 && name[0] == '_' && is_digit(name[1])) name.remove_prefix(1);
  while (!name.empty()) {
    unsigned code = 0;
    if (name.starts_with("_x")) {
      const auto hex = name.substr(2, 2);
      const auto parsed = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
      const bool whole = hex.size() == 2 && parsed.ptr == hex.data() + 2;
      if (whole && code >= 0x20 && code < 0x7f && !is_plain(static_cast<char>(code))) {
        result += static_cast<char>(code);
        name.remove_prefix(4);
        continue;
      }
    }
    result += name.front();
    name.remove_prefix(1);
  }
  return result;
}

}  // namespace

std::shared_ptr<arrow::Schema> columns_of(const parquet::arrow::FileReader& reader) {
  const auto& keys = reader.parquet_reader()->metadata()->key_value_metadata();
  const bool as_it_is = keys && keys->Contains("geo");
  arrow::FieldVector columns;
  for (const auto& column : reader.manifest().schema_fields) {
    const bool sanitized = !as_it_is && field_id_of(*column.field);
    columns.push_back(sanitized ? column.field->WithName(unsanitized(column.field->name())) : column.field);
  }
  return arrow::schema(std::move(columns));
}

}  // namespace earthcatalog::geoparquet
