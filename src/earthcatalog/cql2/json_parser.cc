#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/cql2/expression.h"
#include "earthcatalog/cql2/lexer.h"
#include "earthcatalog/cql2/operators.h"
#include "earthcatalog/grid/geometry_text.h"

namespace earthcatalog::cql2 {
namespace {

using Json = nlohmann::ordered_json;

// Without the library's own name for it.
std::string reason(const nlohmann::json::exception& error) {
  const std::string_view what = error.what();
  const auto colon = what.find(": "), bracket = what.find("] ");
  return std::string(what.substr((colon != what.npos ? colon : bracket != what.npos ? bracket : -2) + 2));
}

class Parser {
 public:
  Result<Expression> parse(const Json& json, const std::string& where, int depth) {
    if (depth > kDeepest) return wrong(where, "too many levels inside one another");
    if (json.is_boolean()) return Expression{.kind = Kind::kBoolean, .boolean = json.get<bool>()};
    if (json.is_number()) return Expression{.kind = Kind::kNumber, .text = json.dump(), .number = json.get<double>()};
    if (json.is_string()) return Expression{.kind = Kind::kText, .text = json.get<std::string>()};
    if (json.is_array()) return parse_list(Kind::kArray, json, where, depth);
    if (!json.is_object()) return wrong(where, "null is no expression; {\"op\": \"isNull\"} asks for it");
    if (json.contains("op")) return parse_operation(json, where, depth);
    if (json.contains("property")) return parse_named(Kind::kProperty, json, "property", where);
    if (json.contains("date")) return parse_time(Kind::kDate, json, "date", where);
    if (json.contains("timestamp")) return parse_time(Kind::kTimestamp, json, "timestamp", where);
    if (json.contains("interval")) return parse_interval(json["interval"], where + "/interval", depth);
    if (json.contains("bbox") && !json.contains("type")) return parse_bbox(json["bbox"], where + "/bbox");
    if (json.contains("type")) return parse_geometry(json, where);
    return wrong(
        where, "an object needs \"op\", \"property\", \"date\", \"timestamp\", \"interval\" or a geometry's \"type\"");
  }

 private:
  static std::unexpected<Error> wrong(const std::string& where, std::string_view what) {
    return fail(ErrorKind::kInvalidArgument, "`filter`, at {}: {}", where.empty() ? "the top" : where, what);
  }

  Result<Expression> parse_list(Kind kind, const Json& json, const std::string& where, int depth) {
    Expression list{.kind = kind};
    for (std::size_t i = 0; i < json.size(); ++i) {
      EC_ASSIGN_OR_RETURN(auto member, parse(json[i], fmt::format("{}/{}", where, i), depth + 1));
      list.args.push_back(std::move(member));
    }
    return list;
  }

  Result<Expression> parse_operation(const Json& json, const std::string& where, int depth) {
    if (!json["op"].is_string()) return wrong(where + "/op", "the name of an operation is a text");
    if (!json.contains("args") || !json["args"].is_array()) return wrong(where, "an operation needs an array \"args\"");
    EC_ASSIGN_OR_RETURN(auto operation, parse_list(Kind::kOperation, json["args"], where + "/args", depth));
    const auto name = json["op"].get<std::string>();
    const auto* const known = find_operator(name);
    operation.text = known != nullptr ? std::string(known->name) : name;
    const auto count = operation.args.size();
    if (known != nullptr && (count < known->least || count > known->most)) {
      return wrong(where, fmt::format("{} takes {} arguments, not {}", name, known->least, count));
    }
    return operation;
  }

  static Result<Expression> parse_named(Kind kind, const Json& json, const char* member, const std::string& where) {
    if (!json[member].is_string()) return wrong(fmt::format("{}/{}", where, member), "expected a text");
    return Expression{.kind = kind, .text = json[member].get<std::string>()};
  }

  static Result<Expression> parse_time(Kind kind, const Json& json, const char* member, const std::string& where) {
    EC_ASSIGN_OR_RETURN(auto literal, parse_named(kind, json, member, where));
    const auto time = earthcatalog::parse_time(literal.text);
    if (!time || time->date_only != (kind == Kind::kDate)) {
      return wrong(fmt::format("{}/{}", where, member), fmt::format("\"{}\" is no {}", literal.text, member));
    }
    return literal;
  }

  Result<Expression> parse_interval(const Json& ends, const std::string& where, int depth) {
    if (!ends.is_array() || ends.size() != 2) return wrong(where, "an interval has two ends");
    EC_ASSIGN_OR_RETURN(auto interval, parse_list(Kind::kInterval, ends, where, depth));
    for (auto& end : interval.args) {
      if (!may_end_interval(end)) return wrong(where, "an end is a property, a date, a timestamp or \"..\"");
      if (end.kind != Kind::kText || end.text == "..") continue;
      const auto time = earthcatalog::parse_time(end.text);
      if (!time) return wrong(where, fmt::format("\"{}\" is no date, no timestamp and not \"..\"", end.text));
      end.kind = time->date_only ? Kind::kDate : Kind::kTimestamp;
    }
    return interval;
  }

  static Result<Expression> parse_bbox(const Json& json, const std::string& where) {
    std::vector<double> numbers;
    for (const auto& number : json) {
      if (!number.is_number()) return wrong(where, "expected numbers");
      numbers.push_back(number.get<double>());
    }
    auto wkb = grid::wkb_of_bbox(numbers);
    if (!wkb) return wrong(where, wkb.error().message);
    return Expression{.kind = Kind::kGeometry, .text = *std::move(wkb)};
  }

  static Result<Expression> parse_geometry(const Json& json, const std::string& where) {
    auto wkb = grid::wkb_of_text(json.dump());
    if (!wkb) return wrong(where, wkb.error().message);
    return Expression{.kind = Kind::kGeometry, .text = *std::move(wkb)};
  }
};

}  // namespace

Result<Expression> parse_json(std::string_view json) {
  // Before the tree is built: a library that calls itself for each bracket would use up the stack.
  int depth = 0, deepest = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (in_text) {
      if (json[i] == '\\')
        ++i;
      else if (json[i] == '"')
        in_text = false;
    } else if (json[i] == '"') {
      in_text = true;
    } else if (json[i] == '[' || json[i] == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (json[i] == ']' || json[i] == '}') {
      --depth;
    }
  }
  constexpr int kBracketsALevel = 4;
  if (deepest > kBracketsALevel * kDeepest) {
    return fail(ErrorKind::kInvalidArgument, "`filter`: too many levels inside one another");
  }
  try {
    return Parser().parse(Json::parse(json), "", 0);
  } catch (const nlohmann::json::parse_error& error) {
    return Lexer(json).fail_at(error.byte == 0 ? 0 : error.byte - 1, "this is no JSON: " + reason(error));
  } catch (const nlohmann::json::exception& error) {  // a number beyond all bounds
    return fail(ErrorKind::kInvalidArgument, "`filter`: this is no JSON: {}", reason(error));
  }
}

}  // namespace earthcatalog::cql2
