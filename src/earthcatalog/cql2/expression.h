// CQL2 expressions (OGC 21-065r2, https://docs.ogc.org/is/21-065r2/21-065r2.html): text and JSON to one tree, and back.
//
//     EC_ASSIGN_OR_RETURN(const Expression filter, parse_text("eo:cloud_cover < 10 AND platform = 'landsat-8'"));
//     const std::string json = to_json(filter);   // {"op":"and","args":[...]}
//
// Values; safe to use from many threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/result.h"

namespace earthcatalog::cql2 {

enum class Kind : std::uint8_t {
  kOperation,  ///< `text` is its name as in CQL2 JSON, `args` its arguments; functions too
  kProperty,   ///< `text` is its name
  kNumber,     ///< `number`; `text` as it was written
  kText,       ///< `text`
  kBoolean,    ///< `boolean`
  kDate,       ///< `text`, "2020-01-31"
  kTimestamp,  ///< `text`, "2020-01-31T12:00:00Z"
  kInterval,   ///< `args`: two dates, timestamps or properties; the text ".." leaves an end open
  kGeometry,   ///< `text` is its ISO WKB
  kArray,      ///< `args`
};

struct Expression {
  Kind kind = Kind::kBoolean;
  std::string text = {};
  double number = 0;
  bool boolean = false;
  std::vector<Expression> args = {};
  std::size_t offset = 0;  ///< byte in the text that was parsed; in JSON 0
};

/// Compares what the expressions say, not where they stood.
bool operator==(const Expression& a, const Expression& b);

/// Levels of brackets and operators inside one another; more are refused.
inline constexpr int kDeepest = 200;

/// Reads CQL2 text. kInvalidArgument says what was expected, at which byte, and shows the place by a caret on a line of
/// its own.
Result<Expression> parse_text(std::string_view text);

/// Reads CQL2 JSON. kInvalidArgument says what is wrong, with the member's place as a JSON pointer.
Result<Expression> parse_json(std::string_view json);

/// Returns CQL2 JSON, minified.
std::string to_json(const Expression& expression);
/// Returns CQL2 text, in canonical spelling, brackets only where they are needed.
std::string to_text(const Expression& expression);

}  // namespace earthcatalog::cql2
