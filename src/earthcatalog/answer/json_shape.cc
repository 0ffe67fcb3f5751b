#include "earthcatalog/answer/json_shape.h"

#include <arrow/builder.h>
#include <arrow/type.h>

#include <algorithm>
#include <limits>

#include "earthcatalog/base/time.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::answer {
namespace {

using Kind = JsonShape::Kind;

// A time without an offset is UTC, a date its midnight: the specification wants times to be timestamps.
std::optional<TimeMicros> time_of(std::string_view text) {
  const auto time = parse_time(text);
  return time ? std::optional(time->micros) : std::nullopt;
}

Kind kind_of(JsonValue value, bool as_time) {
  using enum simdjson::dom::element_type;
  switch (value.type()) {
    case BOOL:
      return Kind::kBoolean;
    case INT64:
      return Kind::kInteger;
    case STRING:
      return as_time && time_of(std::string_view(value.get_string().value_unsafe())) ? Kind::kTime : Kind::kText;
    case ARRAY:
      return Kind::kList;
    case OBJECT:
      return Kind::kObject;
    case NULL_VALUE:
      return Kind::kNothing;
    default:
      return Kind::kNumber;
  }
}

bool is_number(Kind kind) { return kind == Kind::kInteger || kind == Kind::kNumber; }

Status from_arrow(const arrow::Status& status) {
  if (!status.ok()) return std::unexpected(storage::from_arrow(status));
  return {};
}

}  // namespace

void JsonShape::become_text() {
  kind = Kind::kText;
  element.reset();
  members.clear();
}

void JsonShape::become(Kind other) {
  if (kind == other || other == Kind::kNothing) return;
  if (kind == Kind::kNothing) {
    kind = other;
  } else if (is_number(kind) && is_number(other)) {
    kind = Kind::kNumber;
  } else {
    become_text();
  }
}

void JsonShape::add(JsonValue value, bool as_time) {
  become(kind_of(value, as_time));
  if (kind == Kind::kList && value.is_array()) {
    if (!element) element = std::make_unique<JsonShape>();
    for (const auto each : elements_of(value)) element->add(each);
  } else if (kind == Kind::kObject && value.is_object()) {
    for (const auto& [name, each] : members_of(value)) {
      auto found = members.find(name);
      if (found == members.end()) found = members.emplace(std::string(name), JsonShape()).first;
      found->second.add(each);
    }
  }
}

std::size_t JsonShape::leaves() const {
  if (kind == Kind::kList) return element->leaves();
  std::size_t count = members.empty() ? 1 : 0;
  for (const auto& [name, member] : members) count += member.leaves();
  return count;
}

std::shared_ptr<arrow::DataType> JsonShape::type() const {
  switch (kind) {
    case Kind::kBoolean:
      return arrow::boolean();
    case Kind::kInteger:
      return arrow::int64();
    case Kind::kNumber:
      return arrow::float64();
    case Kind::kTime:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case Kind::kList:
      return arrow::list(element->type());
    case Kind::kObject:
      break;
    case Kind::kNothing:
    case Kind::kText:
      return arrow::utf8();
  }
  if (members.empty()) return arrow::utf8();
  arrow::FieldVector fields;
  for (const auto& [name, member] : members) fields.push_back(arrow::field(name, member.type()));
  return arrow::struct_(std::move(fields));
}

Status JsonShape::append(JsonValue value, arrow::ArrayBuilder& builder) const {
  if (value.is_null()) return from_arrow(builder.AppendNull());
  switch (kind) {
    case Kind::kBoolean:
      return from_arrow(static_cast<arrow::BooleanBuilder&>(builder).Append(value.get_bool().value_unsafe()));
    case Kind::kInteger:
      return from_arrow(static_cast<arrow::Int64Builder&>(builder).Append(value.get_int64().value_unsafe()));
    case Kind::kNumber:
      return from_arrow(static_cast<arrow::DoubleBuilder&>(builder).Append(value.get_double().value_unsafe()));
    case Kind::kTime:
      return from_arrow(static_cast<arrow::TimestampBuilder&>(builder).Append(
          *time_of(std::string_view(value.get_string().value_unsafe()))));
    case Kind::kList: {
      auto& lists = static_cast<arrow::ListBuilder&>(builder);
      EC_TRY(from_arrow(lists.Append()));
      for (const auto each : elements_of(value)) EC_TRY(element->append(each, *lists.value_builder()));
      return {};
    }
    case Kind::kObject:
    case Kind::kNothing:
    case Kind::kText:
      break;
  }
  if (members.empty()) {
    auto& texts = static_cast<arrow::StringBuilder&>(builder);
    if (value.is_string()) return from_arrow(texts.Append(std::string_view(value.get_string().value_unsafe())));
    return from_arrow(texts.Append(simdjson::minify(value)));
  }
  auto& structs = static_cast<arrow::StructBuilder&>(builder);
  EC_TRY(from_arrow(structs.Append()));
  int child = 0;
  for (const auto& [name, member] : members) {
    auto& part = *structs.field_builder(child++);
    const auto found = value.at_key(name);
    EC_TRY(found.error() == simdjson::SUCCESS ? member.append(found.value_unsafe(), part)
                                              : from_arrow(part.AppendNull()));
  }
  return {};
}

}  // namespace earthcatalog::answer
