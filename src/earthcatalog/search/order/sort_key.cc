#include "earthcatalog/search/order/sort_key.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <optional>

#include "earthcatalog/config/nearest.h"

namespace earthcatalog::search {
namespace {

constexpr std::string_view kProperties = "properties.";
// They decide between rows of equal values.
constexpr const char* kIdentity[] = {"collection", "id"};

bool has_order(iceberg::TypeId type) {
  using enum iceberg::TypeId;
  return type != kBinary && type != kStruct && type != kOther;
}

void append_number(std::uint64_t number, std::string& key) {
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(number >> shift);
}

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

void append_integer(std::int64_t value, std::string& key) {
  append_number(static_cast<std::uint64_t>(value) ^ kSign, key);
}

void append_real(double value, std::string& key) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);  // -0 is 0
  append_number((bits & kSign) != 0 ? ~bits : bits ^ kSign, key);
}

// Ends below all that could follow, so that no text is the beginning of another.
void append_text(std::string_view text, std::string& key) {
  for (const char c : text) {
    key += c;
    if (c == '\0') key += '\xff';
  }
  key.append("\0\1", 2);
}

std::optional<double> real_of(const arrow::Array& values, std::int64_t row) {
  if (const auto* const reals = dynamic_cast<const arrow::DoubleArray*>(&values)) return reals->Value(row);
  if (const auto* const reals = dynamic_cast<const arrow::FloatArray*>(&values)) return reals->Value(row);
  return std::nullopt;
}

// Not null.
void append_value(const arrow::Array& values, std::int64_t row, std::string& key) {
  if (const auto* const texts = dynamic_cast<const arrow::StringArray*>(&values)) {
    append_text(texts->GetView(row), key);
  } else if (const auto real = real_of(values, row)) {
    append_real(*real, key);
  } else if (const auto* const longs = dynamic_cast<const arrow::Int64Array*>(&values)) {
    append_integer(longs->Value(row), key);
  } else if (const auto* const times = dynamic_cast<const arrow::TimestampArray*>(&values)) {
    append_integer(times->Value(row), key);
  } else if (const auto* const flags = dynamic_cast<const arrow::BooleanArray*>(&values)) {
    append_integer(flags->Value(row) ? 1 : 0, key);
  } else if (const auto* const ints = dynamic_cast<const arrow::Int32Array*>(&values)) {
    append_integer(ints->Value(row), key);
  } else if (const auto* const days = dynamic_cast<const arrow::Date32Array*>(&values)) {
    append_integer(days->Value(row), key);
  }
}

}  // namespace

Result<Order> parse_order(std::string_view text) {
  Order order;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    auto name = text.substr(begin, end - begin);
    SortKey key;
    key.descending = name.starts_with('-');
    if (name.starts_with('-') || name.starts_with('+')) name.remove_prefix(1);
    if (name.starts_with(kProperties)) name.remove_prefix(kProperties.size());
    if (name.empty()) {
      return fail(ErrorKind::kInvalidArgument,
                  "`sortby`: \"{}\" has an empty name; write names of columns by commas, -name to descend", text);
    }
    key.column = name;
    order.push_back(std::move(key));
    begin = end + 1;
  }
  return order;
}

Result<std::vector<iceberg::NestedField>> order_columns(const Order& order, const iceberg::Schema& table) {
  std::vector<iceberg::NestedField> columns;
  for (const auto& key : order) {
    const auto* const field = table.find(key.column);
    if (field == nullptr) {
      std::vector<std::string> names;
      for (const auto& known : table.fields) names.push_back(known.name);
      return fail(ErrorKind::kInvalidArgument, "`sortby`: the table has no column {}{}", key.column,
                  config::did_you_mean(key.column, names));
    }
    if (!has_order(field->type.id)) {
      return fail(ErrorKind::kInvalidArgument, "`sortby`: values of {} have no order", key.column);
    }
    columns.push_back(*field);
  }
  for (const char* name : kIdentity) {
    if (const auto* const field = table.find(name)) columns.push_back(*field);
  }
  return columns;
}

KeyMaker::KeyMaker(const Order& order, const arrow::RecordBatch& rows) {
  const auto values = [&](const std::string& name) {
    const int at = rows.schema()->GetFieldIndex(name);
    return at < 0 ? nullptr : rows.column(at).get();
  };
  for (const auto& key : order) columns_.push_back({values(key.column), key.descending});
  for (const char* name : kIdentity) columns_.push_back({values(name), false});
}

void KeyMaker::append(std::int64_t row, std::string& key) const {
  for (const auto& column : columns_) {
    const bool none =
        column.values == nullptr || column.values->IsNull(row) || std::isnan(real_of(*column.values, row).value_or(0));
    key += none ? '\1' : '\0';
    if (none) continue;
    const auto begin = static_cast<std::ptrdiff_t>(key.size());
    append_value(*column.values, row, key);
    if (!column.descending) continue;
    std::for_each(key.begin() + begin, key.end(), [](char& c) { c = static_cast<char>(~c); });
  }
}

}  // namespace earthcatalog::search
