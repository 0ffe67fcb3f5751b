#include "earthcatalog/stac/write/column_reader.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <cmath>

#include "earthcatalog/base/time.h"
#include "earthcatalog/stac/json_string.h"
#include "earthcatalog/stac/number.h"

namespace earthcatalog::stac {
namespace {

template <class ArrayType>
auto value_of(const arrow::Array& values, std::int64_t row) {
  return static_cast<const ArrayType&>(values).GetView(row);
}

TimeMicros to_micros(std::int64_t count, arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return count * kMicrosPerSecond;
    case arrow::TimeUnit::MILLI:
      return count * 1000;
    case arrow::TimeUnit::MICRO:
      return count;
    case arrow::TimeUnit::NANO:
      break;
  }
  return count / 1000 - (count % 1000 < 0 ? 1 : 0);
}

// JSON has neither infinities nor NaN; our own files hold none.
void append_real(double value, std::string& out) {
  if (std::isfinite(value)) {
    append_number(value, out);
  } else {
    out += "null";
  }
}

}  // namespace

ColumnReader::ColumnReader(std::string name, std::shared_ptr<arrow::Array> values)
    : name_(std::move(name)), values_(std::move(values)) {}

bool ColumnReader::is_null(std::int64_t row) const { return values_->IsNull(row); }

Result<std::string_view> ColumnReader::text(std::int64_t row) const {
  switch (values_->type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return value_of<arrow::BinaryArray>(*values_, row);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return value_of<arrow::LargeBinaryArray>(*values_, row);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return value_of<arrow::BinaryViewArray>(*values_, row);
    default:
      return fail(ErrorKind::kUnsupported, "column {} is {}, not text", name_, values_->type()->ToString());
  }
}

Status ColumnReader::append_scalar(std::int64_t row, std::string& out) const {
  switch (values_->type_id()) {
    case arrow::Type::BOOL:
      out += value_of<arrow::BooleanArray>(*values_, row) ? "true" : "false";
      return {};
    case arrow::Type::INT32:
      out += std::to_string(value_of<arrow::Int32Array>(*values_, row));
      return {};
    case arrow::Type::INT64:
      out += std::to_string(value_of<arrow::Int64Array>(*values_, row));
      return {};
    case arrow::Type::FLOAT:
      append_real(value_of<arrow::FloatArray>(*values_, row), out);
      return {};
    case arrow::Type::DOUBLE:
      append_real(value_of<arrow::DoubleArray>(*values_, row), out);
      return {};
    case arrow::Type::TIMESTAMP: {
      const auto unit = static_cast<const arrow::TimestampType&>(*values_->type()).unit();
      append_quoted(format_time(to_micros(value_of<arrow::TimestampArray>(*values_, row), unit)), out);
      return {};
    }
    default:
      break;
  }
  EC_ASSIGN_OR_RETURN(const std::string_view value, text(row));
  append_quoted(value, out);
  return {};
}

}  // namespace earthcatalog::stac
