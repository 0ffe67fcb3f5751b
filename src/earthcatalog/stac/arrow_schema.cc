#include <arrow/type.h>

#include "earthcatalog/stac/schema.h"

namespace earthcatalog::stac {
namespace {

std::shared_ptr<arrow::DataType> arrow_type(ColumnType type) {
  switch (type) {
    case ColumnType::kString:
      return arrow::utf8();
    case ColumnType::kBinary:
      return arrow::binary();
    case ColumnType::kBoolean:
      return arrow::boolean();
    case ColumnType::kLong:
      return arrow::int64();
    case ColumnType::kDouble:
      return arrow::float64();
    case ColumnType::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case ColumnType::kBbox:
      break;
  }
  return arrow::struct_({arrow::field("xmin", arrow::float64()), arrow::field("ymin", arrow::float64()),
                         arrow::field("xmax", arrow::float64()), arrow::field("ymax", arrow::float64())});
}

}  // namespace

std::shared_ptr<arrow::Schema> arrow_schema(const ItemSchema& schema) {
  arrow::FieldVector fields;
  fields.reserve(schema.columns.size());
  for (const Column& column : schema.columns) fields.push_back(arrow::field(column.name, arrow_type(column.type)));
  return arrow::schema(std::move(fields));
}

}  // namespace earthcatalog::stac
