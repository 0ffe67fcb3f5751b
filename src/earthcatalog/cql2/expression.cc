#include "earthcatalog/cql2/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "earthcatalog/cql2/operators.h"
#include "earthcatalog/grid/geometry_text.h"

namespace earthcatalog::cql2 {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Expression& expression);

Json list_of(const std::vector<Expression>& expressions) {
  Json list = Json::array();
  for (const auto& member : expressions) list.push_back(json_of(member));
  return list;
}

// WKT knows one zero only.
void drop_signs_of_zero(Json& json) {
  if (json.is_number_float() && json == 0) json = 0.0;
  if (!json.is_structured()) return;
  for (auto& member : json) drop_signs_of_zero(member);
}

Json geojson_of(const std::string& wkb) {
  auto json = Json::parse(grid::geojson_of_wkb(wkb).value_or("null"));
  drop_signs_of_zero(json);
  return json;
}

// The ends of an interval are plain texts, but for properties.
Json end_of(const Expression& end) { return end.kind == Kind::kProperty ? json_of(end) : Json(end.text); }

Json json_of(const Expression& expression) {
  switch (expression.kind) {
    case Kind::kOperation:
      return {{"op", expression.text}, {"args", list_of(expression.args)}};
    case Kind::kProperty:
      return {{"property", expression.text}};
    case Kind::kNumber:
      return Json::parse(expression.text, nullptr, false).is_number() ? Json::parse(expression.text)
                                                                      : Json(expression.number);
    case Kind::kText:
      return expression.text;
    case Kind::kBoolean:
      return expression.boolean;
    case Kind::kDate:
      return {{"date", expression.text}};
    case Kind::kTimestamp:
      return {{"timestamp", expression.text}};
    case Kind::kInterval:
      return {{"interval", Json::array({end_of(expression.args[0]), end_of(expression.args[1])})}};
    case Kind::kGeometry:
      return geojson_of(expression.text);
    case Kind::kArray:
      return list_of(expression.args);
  }
  return {};
}

std::string in_quotes(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) out += c == quote ? std::string(2, c) : std::string(1, c);
  return out + quote;
}

bool is_plain_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; };
  const auto part = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.'; };
  constexpr std::string_view kWords[] = {"AND",          "OR",
                                         "NOT",          "LIKE",
                                         "BETWEEN",      "IN",
                                         "IS",           "NULL",
                                         "TRUE",         "FALSE",
                                         "DIV",          "POINT",
                                         "LINESTRING",   "POLYGON",
                                         "MULTIPOINT",   "MULTILINESTRING",
                                         "MULTIPOLYGON", "GEOMETRYCOLLECTION"};
  const auto same = [&](std::string_view word) {
    return std::ranges::equal(word, name, {}, {}, [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  };
  return !name.empty() && letter(name[0]) && std::ranges::all_of(name, part) && std::ranges::none_of(kWords, same);
}

std::string text_of(const Expression& expression, int around);

std::string joined(const std::vector<Expression>& expressions, std::string_view between, int around) {
  std::string text;
  for (const auto& member : expressions)
    text += fmt::format("{}{}", text.empty() ? "" : between, text_of(member, around));
  return text;
}

std::string predicate(const Expression& e) {
  const auto operand = [&](std::size_t i) { return text_of(e.args[i], kCompare); };
  if (e.text == "isNull") return operand(0) + " IS NULL";
  if (e.text == "between") return fmt::format("{} BETWEEN {} AND {}", operand(0), operand(1), operand(2));
  if (e.text == "in") return fmt::format("{} IN {}", operand(0), text_of(e.args[1], 0));
  return fmt::format("{} {} {}", operand(0), find_operator(e.text)->text, operand(1));
}

std::string operation(const Expression& e, int around) {
  const auto* const known = find_operator(e.text);
  if (known == nullptr || known->binding == kTightest) {
    return fmt::format("{}({})", known != nullptr ? known->text : e.text, joined(e.args, ", ", 0));
  }
  const bool sign = e.text == "-" && e.args.size() == 1;
  const int binding = sign ? kNegate : known->binding;
  std::string text;
  if (e.text == "not") {
    text = "NOT " + text_of(e.args[0], kNot);
  } else if (sign) {
    text = "-" + text_of(e.args[0], kNegate);
  } else if (binding == kCompare) {
    text = predicate(e);
  } else if (known->family == Family::kLogic) {
    text = joined(e.args, fmt::format(" {} ", known->text), binding);
  } else {
    // a - (b - c) keeps its brackets, and so does (a ^ b) ^ c.
    const bool from_right = binding == kPower;
    text = fmt::format("{} {} {}", text_of(e.args[0], from_right ? binding : binding - 1), known->text,
                       text_of(e.args[1], from_right ? binding - 1 : binding));
  }
  return binding <= around ? "(" + text + ")" : text;
}

// `around`: how tightly the operator around it binds.
std::string text_of(const Expression& e, int around) {
  switch (e.kind) {
    case Kind::kOperation:
      return operation(e, around);
    case Kind::kProperty:
      return is_plain_name(e.text) ? e.text : in_quotes(e.text, '"');
    case Kind::kNumber:
      return e.text;
    case Kind::kText:
      return in_quotes(e.text, '\'');
    case Kind::kBoolean:
      return e.boolean ? "TRUE" : "FALSE";
    case Kind::kDate:
      return fmt::format("DATE({})", in_quotes(e.text, '\''));
    case Kind::kTimestamp:
      return fmt::format("TIMESTAMP({})", in_quotes(e.text, '\''));
    case Kind::kInterval: {
      const auto end = [](const Expression& at) {
        return at.kind == Kind::kProperty ? text_of(at, 0) : in_quotes(at.text, '\'');
      };
      return fmt::format("INTERVAL({}, {})", end(e.args[0]), end(e.args[1]));
    }
    case Kind::kGeometry:
      return grid::wkt_of_wkb(e.text).value_or("POINT EMPTY");
    case Kind::kArray:
      return fmt::format("({})", joined(e.args, ", ", 0));
  }
  return {};
}

}  // namespace

bool operator==(const Expression& a, const Expression& b) {
  const bool same_text = a.kind == Kind::kNumber ? a.number == b.number : a.text == b.text;
  return a.kind == b.kind && same_text && a.boolean == b.boolean && a.args == b.args;
}

std::string to_json(const Expression& expression) {
  // Bytes of a text that are no UTF-8 have no place in JSON.
  return json_of(expression).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_text(const Expression& expression) { return text_of(expression, 0); }

}  // namespace earthcatalog::cql2
