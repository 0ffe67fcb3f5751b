#include "earthcatalog/search/properties.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <array>

namespace earthcatalog::search {
namespace {

using nlohmann::json;

constexpr std::string_view kExtra = "stac_extra", kPrefix = "properties.";
// Columns whose text is JSON.
constexpr std::array<std::string_view, 4> kJsonColumns{"assets", "links", "stac_extensions", "bbox"};

bool is_json(std::string_view column) { return std::ranges::find(kJsonColumns, column) != kJsonColumns.end(); }

cql2::ValueType type_of(const iceberg::NestedField& column) {
  if (is_json(column.name)) return cql2::ValueType::kAny;
  switch (column.type.id) {
    case iceberg::TypeId::kBoolean:
      return cql2::ValueType::kBoolean;
    case iceberg::TypeId::kInt:
    case iceberg::TypeId::kLong:
    case iceberg::TypeId::kFloat:
    case iceberg::TypeId::kDouble:
      return cql2::ValueType::kNumber;
    case iceberg::TypeId::kString:
      return cql2::ValueType::kText;
    case iceberg::TypeId::kTimestamp:
    case iceberg::TypeId::kTimestampTz:
    case iceberg::TypeId::kDate:
      return cql2::ValueType::kTime;
    case iceberg::TypeId::kBinary:
      return column.name == "geometry" ? cql2::ValueType::kGeometry : cql2::ValueType::kAny;
    default:
      return cql2::ValueType::kAny;
  }
}

cql2::Value value_of(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return {};
  cql2::Values list;
  for (const auto& member : value) list.push_back(value_of(member));
  return list;
}

// The member of a name, or of its parts within one another.
const json* find(const json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  if (const auto whole = object.find(name); whole != object.end()) return &*whole;
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    const auto outer = object.find(name.substr(0, dot));
    if (outer == object.end()) continue;
    if (const auto* const inner = find(*outer, name.substr(dot + 1))) return inner;
  }
  return nullptr;
}

cql2::Value value_at(const arrow::Array& column, const Properties::Property& property, std::int64_t row) {
  const std::string_view name = property.column->name;
  if (const auto* const texts = dynamic_cast<const arrow::StringArray*>(&column)) {
    if (!is_json(name)) return std::string(texts->GetView(row));
    const auto parsed = json::parse(texts->GetView(row), nullptr, false);
    const auto* const found = property.path.empty() ? &parsed : find(parsed, property.path);
    return found == nullptr ? cql2::Value() : value_of(*found);
  }
  if (const auto* const numbers = dynamic_cast<const arrow::DoubleArray*>(&column)) return numbers->Value(row);
  if (const auto* const integers = dynamic_cast<const arrow::Int64Array*>(&column)) {
    return static_cast<double>(integers->Value(row));
  }
  if (const auto* const integers = dynamic_cast<const arrow::Int32Array*>(&column)) {
    return static_cast<double>(integers->Value(row));
  }
  if (const auto* const numbers = dynamic_cast<const arrow::FloatArray*>(&column)) {
    return static_cast<double>(numbers->Value(row));
  }
  if (const auto* const days = dynamic_cast<const arrow::Date32Array*>(&column)) {
    constexpr TimeMicros kDay = 86'400 * kMicrosPerSecond;
    const auto begin = days->Value(row) * kDay;
    return cql2::Times{begin, begin + kDay - 1, begin};
  }
  if (const auto* const booleans = dynamic_cast<const arrow::BooleanArray*>(&column)) return booleans->Value(row);
  if (const auto* const times = dynamic_cast<const arrow::TimestampArray*>(&column)) {
    return cql2::Times{times->Value(row), times->Value(row), times->Value(row)};
  }
  if (const auto* const bytes = dynamic_cast<const arrow::BinaryArray*>(&column)) {
    return name == "geometry" ? cql2::Value(cql2::Geometry{bytes->GetView(row)}) : cql2::Value();
  }
  return {};
}

}  // namespace

bool Properties::Property::is_json() const { return column != nullptr && search::is_json(column->name); }

Result<cql2::Slot> Properties::resolve(std::string_view name) {
  const auto* column = table_.find(name);
  if (column == nullptr && name.starts_with(kPrefix)) {
    name.remove_prefix(kPrefix.size());
    column = table_.find(name);
  }
  std::string_view path;
  if (const auto dot = name.find('.'); column == nullptr && is_json(name.substr(0, dot))) {
    column = table_.find(name.substr(0, dot));
    path = name.substr(dot + 1);
  }
  const auto same = std::ranges::find(properties_, name, &Property::name);
  const auto number = static_cast<std::size_t>(same - properties_.begin());
  if (same == properties_.end()) properties_.push_back({std::string(name), column, std::string(path)});
  return cql2::Slot{number, column == nullptr ? cql2::ValueType::kAny : type_of(*column)};
}

std::vector<iceberg::NestedField> Properties::columns() const {
  std::vector<iceberg::NestedField> columns;
  for (const auto& property : properties_) {
    const auto same = [&](const auto& column) { return column.name == property.column->name; };
    const bool there = property.column == nullptr || std::ranges::any_of(columns, same);
    if (!there) columns.push_back(*property.column);
  }
  if (const auto* const extra = table_.find(kExtra); extra != nullptr && !properties_.empty())
    columns.push_back(*extra);
  return columns;
}

std::vector<std::string> Properties::unknown() const {
  std::vector<std::string> names;
  for (const auto& property : properties_) {
    if (property.column == nullptr) names.push_back(property.name);
  }
  return names;
}

PropertyRow::PropertyRow(const Properties& properties, const arrow::RecordBatch& rows)
    : properties_(properties), extra_(rows.GetColumnByName(std::string(kExtra))) {
  for (const auto& property : properties.all()) {
    columns_.push_back(property.column == nullptr ? nullptr : rows.GetColumnByName(property.column->name));
  }
}

void PropertyRow::move_to(std::int64_t row) {
  row_ = row;
  parsed_.reset();
}

cql2::Value PropertyRow::property(std::size_t slot) const {
  const auto& column = columns_[slot];
  const auto& property = properties_.all()[slot];
  if (column != nullptr && column->IsValid(row_)) return value_at(*column, property, row_);
  return extra(property.name);
}

// A value that its column could not hold stands here too.
cql2::Value PropertyRow::extra(const std::string& name) const {
  const auto* const texts = dynamic_cast<const arrow::StringArray*>(extra_.get());
  if (texts == nullptr || texts->IsNull(row_)) return {};
  if (!parsed_) parsed_ = json::parse(texts->GetView(row_), nullptr, false);
  const auto members = parsed_->is_object() ? parsed_->find("properties") : parsed_->end();
  if (members != parsed_->end()) {
    if (const auto* const found = find(*members, name)) return value_of(*found);
  }
  const auto* const found = find(*parsed_, name);
  return found == nullptr ? cql2::Value() : value_of(*found);
}

}  // namespace earthcatalog::search
