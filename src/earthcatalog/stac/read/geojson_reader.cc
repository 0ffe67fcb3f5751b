#include "earthcatalog/stac/read/geojson_reader.h"

#include <array>
#include <cmath>
#include <utility>

#include "earthcatalog/stac/json_string.h"
#include "earthcatalog/stac/number.h"
#include "earthcatalog/stac/read/wkb_writer.h"

namespace earthcatalog::stac {
namespace {

constexpr double kMaxLatitude = 90;
// Both spellings of longitude, -180..180 and 0..360, and half a turn more for footprints that go on past their end.
constexpr double kMaxLongitude = 540;

int nesting_of(GeometryType type) {
  switch (type) {
    case GeometryType::kPoint:
      return 0;
    case GeometryType::kLineString:
    case GeometryType::kMultiPoint:
      return 1;
    case GeometryType::kPolygon:
    case GeometryType::kMultiLineString:
      return 2;
    default:
      return 3;
  }
}

char first_inside(const char* bracket) {
  do {
    ++bracket;
  } while (*bracket == ' ' || *bracket == '\n' || *bracket == '\t' || *bracket == '\r');
  return *bracket;
}

}  // namespace

bool GeojsonReader::read(ondemand::value& value, std::size_t depth, GrowBuffer& wkb, GeometryOutcome& outcome) {
  outcome_ = &outcome;
  flat_ = deep_ = false;
  root_.clear();
  if (!read_geometry(value, depth, 1, root_)) return false;
  if (flat_ && deep_) outcome.exact = false;
  if (outcome.located) WkbWriter(wkb, deep_ && !flat_).write(root_);
  return true;
}

bool GeojsonReader::read_geometry(ondemand::value& value, std::size_t depth, std::size_t collections,
                                  GeojsonShape& shape) {
  const char* const where = JsonWalker::begin(value);
  if (*where != '{') {
    refuse("a geometry that is not an object", where);
    return walker_.walk(value, depth);
  }
  if (!walker_.enter(where, depth)) return false;
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return walker_.fault(error);
  for (auto member : object) {
    ondemand::field field;
    if (const auto error = std::move(member).get(field)) return walker_.fault(error);
    std::string_view raw, name;
    if (!walker_.key(field, raw, name, scratch_)) return false;
    if (!read_member(name, field.value(), depth + 1, collections, shape)) return false;
  }
  check(shape, where);
  return true;
}

bool GeojsonReader::read_member(std::string_view name, ondemand::value& value, std::size_t depth,
                                std::size_t collections, GeojsonShape& shape) {
  const char* const where = JsonWalker::begin(value);
  if (name == "type") {
    if (shape.type) refuse("two members \"type\"", where);
    return read_type(value, depth, shape);
  }
  if (name == "coordinates") {
    if (std::exchange(shape.has_coordinates, true)) refuse("two members \"coordinates\"", where);
    return read_coordinates(value, depth, 0, shape);
  }
  if (name == "geometries") {
    if (std::exchange(shape.has_members, true)) refuse("two members \"geometries\"", where);
    return read_members(value, depth, collections, shape);
  }
  outcome_->exact = false;
  return walker_.walk(value, depth);
}

bool GeojsonReader::read_type(ondemand::value& value, std::size_t depth, GeojsonShape& shape) {
  const char* const where = JsonWalker::begin(value);
  if (*where != '"') {
    refuse("a type that is not a string", where);
    return walker_.walk(value, depth);
  }
  std::string_view token;
  if (!walker_.scalar(value, token)) return false;
  token = token.substr(1, token.size() - 2);
  shape.type = has_escape(token) ? parse_geometry_type(decoded(token)) : parse_geometry_type(token);
  if (!shape.type) refuse("an unknown type of geometry", where);
  return true;
}

bool GeojsonReader::read_members(ondemand::value& value, std::size_t depth, std::size_t collections,
                                 GeojsonShape& shape) {
  const char* const where = JsonWalker::begin(value);
  if (*where != '[' || collections > kMaxCollectionDepth) {
    refuse(*where == '[' ? "geometry collections nested too deep" : "geometries that are not an array", where);
    return walker_.walk(value, depth);
  }
  if (!walker_.enter(where, depth)) return false;
  ondemand::array array;
  if (const auto error = value.get_array().get(array)) return walker_.fault(error);
  for (auto member : array) {
    ondemand::value element;
    if (const auto error = std::move(member).get(element)) return walker_.fault(error);
    if (!read_geometry(element, depth + 1, collections + 1, shape.members.emplace_back())) return false;
  }
  return true;
}

bool GeojsonReader::read_coordinates(ondemand::value& value, std::size_t depth, int level, GeojsonShape& shape) {
  const char* const where = JsonWalker::begin(value);
  if (*where != '[') {
    refuse("coordinates that are not an array", where);
    return walker_.walk(value, depth);
  }
  if (!walker_.enter(where, depth)) return false;
  const char first = first_inside(where);
  if (first == ']') refuse("an empty array of coordinates", where);
  ondemand::array array;
  if (const auto error = value.get_array().get(array)) return walker_.fault(error);
  return first == '[' ? read_nested(array, depth, level, shape) : read_position(array, depth, level, where, shape);
}

bool GeojsonReader::read_nested(ondemand::array array, std::size_t depth, int level, GeojsonShape& shape) {
  for (auto member : array) {
    ondemand::value element;
    if (const auto error = std::move(member).get(element)) return walker_.fault(error);
    if (!read_coordinates(element, depth + 1, level + 1, shape)) return false;
  }
  if (shape.nesting == level + 1) shape.line_ends.push_back(static_cast<std::uint32_t>(shape.positions.size()));
  if (shape.nesting == level + 2) shape.polygon_ends.push_back(static_cast<std::uint32_t>(shape.line_ends.size()));
  return true;
}

bool GeojsonReader::read_position(ondemand::array array, std::size_t depth, int level, const char* where,
                                  GeojsonShape& shape) {
  std::array<double, 3> values = {0, 0, 0};
  std::size_t count = 0;
  for (auto member : array) {
    ondemand::value element;
    if (const auto error = std::move(member).get(element)) return walker_.fault(error);
    const std::string_view token = trim_right(element.raw_json_token());
    const Number number = read_number(token);
    if (number.kind == Number::Kind::kInvalid) {
      refuse("a coordinate that is not a number", token.data());
      if (!walker_.walk(element, depth + 1)) return false;
      continue;
    }
    if (!std::isfinite(number.real)) refuse("a coordinate that is not finite", token.data());
    if (!number.exact_in_double()) outcome_->exact = false;
    if (count < values.size()) values[count] = number.real;
    ++count;
  }
  add_position({values[0], values[1], values[2]}, count, level, where, shape);
  return true;
}

void GeojsonReader::add_position(const Position& position, std::size_t numbers, int level, const char* where,
                                 GeojsonShape& shape) {
  if (numbers < 2) return refuse("a position of fewer than two numbers", where);
  if (std::abs(position.y) > kMaxLatitude) return refuse("a latitude beyond 90 degrees", where);
  if (std::abs(position.x) > kMaxLongitude) return refuse("a longitude beyond 540 degrees", where);
  if (shape.nesting < 0) shape.nesting = level;
  if (shape.nesting != level) return refuse("positions at different levels of nesting", where);
  (numbers == 2 ? flat_ : deep_) = true;
  if (numbers > 3) outcome_->exact = false;
  shape.positions.push_back(position);
}

void GeojsonReader::check(const GeojsonShape& shape, const char* where) {
  if (!outcome_->located) return;
  if (!shape.type) return refuse("a geometry without type", where);
  if (*shape.type == GeometryType::kGeometryCollection) {
    if (shape.members.empty()) refuse("a collection without geometries", where);
    if (shape.has_coordinates) outcome_->exact = false;
    return;
  }
  if (shape.has_members) outcome_->exact = false;
  if (!shape.has_coordinates) return refuse("a geometry without coordinates", where);
  if (shape.nesting != nesting_of(*shape.type))
    return refuse("coordinates nested otherwise than their type wants", where);
  switch (*shape.type) {
    case GeometryType::kLineString:
    case GeometryType::kMultiLineString:
      return check_lines(shape, 2, false, where);
    case GeometryType::kPolygon:
    case GeometryType::kMultiPolygon:
      return check_lines(shape, 4, true, where);
    default:
      return;
  }
}

void GeojsonReader::check_lines(const GeojsonShape& shape, std::size_t fewest, bool closed, const char* where) {
  std::size_t from = 0;
  for (const std::size_t to : shape.line_ends) {
    if (to - from < fewest)
      return refuse(closed ? "a ring of fewer than four positions" : "a line of one position", where);
    const Position& first = shape.positions[from];
    const Position& last = shape.positions[to - 1];
    if (closed && (first.x != last.x || first.y != last.y)) return refuse("a ring that is not closed", where);
    from = to;
  }
}

void GeojsonReader::refuse(std::string_view reason, const char* where) {
  if (!std::exchange(outcome_->located, false)) return;
  outcome_->reason = reason;
  outcome_->where = where;
}

}  // namespace earthcatalog::stac
