#include "earthcatalog/inventory/formats/column_values.h"

#include <arrow/type.h>

#include <charconv>
#include <cmath>

#include "earthcatalog/inventory/formats/csv_rows.h"

namespace earthcatalog::inventory {
namespace {

using arrow::Type;

// Text that parse_time() refuses: marks a date that its type can hold and a TimeMicros cannot.
constexpr std::string_view kOutOfRange = "out of range";

bool is_text(Type::type id) {
  return id == Type::STRING || id == Type::BINARY || id == Type::LARGE_STRING || id == Type::LARGE_BINARY ||
         id == Type::STRING_VIEW || id == Type::BINARY_VIEW;
}

template <class ArrayType>
std::string_view view(const arrow::Array& array, std::int64_t row) {
  return static_cast<const ArrayType&>(array).GetView(row);
}

std::string_view text_at(const arrow::Array& array, std::int64_t row) {
  switch (array.type_id()) {
    case Type::STRING:
    case Type::BINARY:
      return view<arrow::BinaryArray>(array, row);
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return view<arrow::LargeBinaryArray>(array, row);
    default:
      return view<arrow::BinaryViewArray>(array, row);
  }
}

template <class ArrayType>
std::int64_t integer(const arrow::Array& array, std::int64_t row) {
  return static_cast<std::int64_t>(static_cast<const ArrayType&>(array).Value(row));
}

std::optional<std::int64_t> whole(double value) {
  if (!(value >= -0x1p63 && value < 0x1p63) || std::trunc(value) != value) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::unexpected<Error> wrong_type(const arrow::DataType& type, std::string_view expected) {
  return fail(ErrorKind::kInvalidData, "has type {}; expected {}", type.ToString(), expected);
}

// value * factor, or nothing when that does not fit.
std::optional<TimeMicros> scaled(std::int64_t value, std::int64_t factor) {
  TimeMicros micros;
  if (__builtin_mul_overflow(value, factor, &micros)) return std::nullopt;
  return micros;
}

std::optional<TimeMicros> to_micros(std::int64_t value, arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return scaled(value, kMicrosPerSecond);
    case arrow::TimeUnit::MILLI:
      return scaled(value, 1000);
    case arrow::TimeUnit::MICRO:
      return value;
    default:
      return value / 1000 - (value % 1000 < 0 ? 1 : 0);
  }
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Status TextColumn::check(const arrow::DataType& type) {
  if (is_text(type.id()) || type.id() == Type::NA) return {};
  if (type.id() == Type::DICTIONARY) {
    return check(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  return wrong_type(type, "text");
}

void TextColumn::bind(std::shared_ptr<arrow::Array> array) {
  array_ = std::move(array);
  dictionary_ = nullptr;
  if (array_ && array_->type_id() == Type::DICTIONARY) {
    dictionary_ = static_cast<const arrow::DictionaryArray&>(*array_).dictionary();
  }
}

std::optional<std::string_view> TextColumn::at(std::int64_t row) const {
  if (!array_ || array_->IsNull(row)) return std::nullopt;
  if (!dictionary_) return text_at(*array_, row);
  const std::int64_t index = static_cast<const arrow::DictionaryArray&>(*array_).GetValueIndex(row);
  if (dictionary_->IsNull(index)) return std::nullopt;
  return text_at(*dictionary_, index);
}

Status NumberColumn::check(const arrow::DataType& type) {
  if (arrow::is_integer(type.id()) || type.id() == Type::FLOAT || type.id() == Type::DOUBLE ||
      TextColumn::check(type)) {
    return {};
  }
  return wrong_type(type, "a whole number or text");
}

void NumberColumn::bind(std::shared_ptr<arrow::Array> array) {
  array_ = std::move(array);
  text_.bind(array_ && TextColumn::check(*array_->type()) ? array_ : nullptr);
}

std::optional<std::int64_t> NumberColumn::at(std::int64_t row) const {
  if (!array_ || array_->IsNull(row)) return std::nullopt;
  switch (array_->type_id()) {
    case Type::INT64:
      return integer<arrow::Int64Array>(*array_, row);
    case Type::INT32:
      return integer<arrow::Int32Array>(*array_, row);
    case Type::INT16:
      return integer<arrow::Int16Array>(*array_, row);
    case Type::INT8:
      return integer<arrow::Int8Array>(*array_, row);
    case Type::UINT64:
      return integer<arrow::UInt64Array>(*array_, row);
    case Type::UINT32:
      return integer<arrow::UInt32Array>(*array_, row);
    case Type::UINT16:
      return integer<arrow::UInt16Array>(*array_, row);
    case Type::UINT8:
      return integer<arrow::UInt8Array>(*array_, row);
    case Type::FLOAT:
      return whole(static_cast<double>(static_cast<const arrow::FloatArray&>(*array_).Value(row)));
    case Type::DOUBLE:
      return whole(static_cast<const arrow::DoubleArray&>(*array_).Value(row));
    default:
      return parse_integer(text_.at(row).value_or(""));
  }
}

Status TimeColumn::check(const arrow::DataType& type) {
  if (type.id() == Type::TIMESTAMP || type.id() == Type::DATE32 || type.id() == Type::DATE64 ||
      TextColumn::check(type)) {
    return {};
  }
  return wrong_type(type, "a timestamp or text");
}

void TimeColumn::bind(std::shared_ptr<arrow::Array> array) {
  array_ = std::move(array);
  text_.bind(array_ && TextColumn::check(*array_->type()) ? array_ : nullptr);
}

TimeColumn::Value TimeColumn::at(std::int64_t row) const {
  if (!array_ || array_->IsNull(row)) return {};
  std::optional<TimeMicros> micros;
  switch (array_->type_id()) {
    case Type::TIMESTAMP:
      micros = to_micros(integer<arrow::TimestampArray>(*array_, row),
                         static_cast<const arrow::TimestampType&>(*array_->type()).unit());
      break;
    case Type::DATE32:
      micros = scaled(integer<arrow::Date32Array>(*array_, row), 86'400 * kMicrosPerSecond);
      break;
    case Type::DATE64:
      micros = scaled(integer<arrow::Date64Array>(*array_, row), 1000);
      break;
    default:
      return {.micros = {}, .text = text_.at(row).value_or("")};
  }
  return {.micros = micros, .text = micros ? std::string_view{} : kOutOfRange};
}

Status FlagColumn::check(const arrow::DataType& type) {
  if (type.id() == Type::BOOL || TextColumn::check(type)) return {};
  return wrong_type(type, "a boolean or text");
}

void FlagColumn::bind(std::shared_ptr<arrow::Array> array) {
  array_ = std::move(array);
  text_.bind(array_ && TextColumn::check(*array_->type()) ? array_ : nullptr);
}

std::optional<bool> FlagColumn::at(std::int64_t row) const {
  if (!array_ || array_->IsNull(row)) return std::nullopt;
  if (array_->type_id() == Type::BOOL) return static_cast<const arrow::BooleanArray&>(*array_).Value(row);
  return parse_flag(text_.at(row).value_or(""));
}

}  // namespace earthcatalog::inventory
