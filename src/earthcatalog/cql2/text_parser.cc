#include <fmt/format.h>

#include <charconv>
#include <set>
#include <utility>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/cql2/expression.h"
#include "earthcatalog/cql2/lexer.h"
#include "earthcatalog/cql2/operators.h"
#include "earthcatalog/grid/geometry_text.h"

namespace earthcatalog::cql2 {
namespace {

bool is_geometry_word(const Token& token) {
  for (const char* word :
       {"POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"}) {
    if (token.is_word(word)) return true;
  }
  return false;
}

// A Pratt parser: each operator has a power by which it binds its operands.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<Expression> run() {
    EC_TRY(next());
    EC_ASSIGN_OR_RETURN(auto expression, parse(0));
    if (token_.kind != Token::Kind::kEnd) return expected("an operator, AND, OR or the end");
    return expression;
  }

 private:
  Status next() {
    EC_ASSIGN_OR_RETURN(token_, lexer_.read(token_.end));
    return {};
  }

  std::unexpected<Error> expected(std::string_view what) const {
    const auto found = token_.kind == Token::Kind::kEnd ? std::string("the end") : fmt::format("\"{}\"", token_.text);
    return lexer_.fail_at(token_.offset, fmt::format("expected {}, found {}", what, found));
  }

  Status take(std::string_view symbol) {
    if (!token_.is(symbol)) return expected(fmt::format("\"{}\"", symbol));
    return next();
  }

  Status take_word(std::string_view upper) {
    if (!token_.is_word(upper)) return expected(upper);
    return next();
  }

  // An expression of operators that bind more than `least`.
  Result<Expression> parse(int least) {
    if (++depth_ > kDeepest) return lexer_.fail_at(token_.offset, "too many brackets and operators inside one another");
    EC_ASSIGN_OR_RETURN(auto left, parse_prefix());
    while (true) {
      EC_ASSIGN_OR_RETURN(const bool more, parse_infix(left, least));
      if (!more) break;
    }
    --depth_;
    return left;
  }

  Result<Expression> parse_prefix() {
    const auto offset = token_.offset;
    if (token_.is_word("NOT")) {
      EC_TRY(next());
      EC_ASSIGN_OR_RETURN(auto operand, parse(kNot - 1));
      return operation("not", offset, std::move(operand));
    }
    if (token_.is("-")) {
      EC_TRY(next());
      const bool literal = token_.kind == Token::Kind::kNumber;
      EC_ASSIGN_OR_RETURN(auto operand, parse(kNegate - 1));
      if (!literal || operand.kind != Kind::kNumber) return operation("-", offset, std::move(operand));
      operand.text.insert(0, "-");
      operand.number = -operand.number;
      operand.offset = offset;
      return operand;
    }
    if (token_.is("+")) EC_TRY(next());
    return parse_primary();
  }

  // Takes the operator that stands next and its right side, if it binds more than `least`.
  Result<bool> parse_infix(Expression& left, int least) {
    const auto offset = token_.offset;
    if (token_.is_word("NOT") || token_.is_word("LIKE") || token_.is_word("BETWEEN") || token_.is_word("IN") ||
        token_.is_word("IS")) {
      if (least >= kCompare) return false;
      return parse_predicate(left);
    }
    const bool word = token_.is_word("AND") || token_.is_word("OR") || token_.is_word("DIV");
    if (!word && token_.kind != Token::Kind::kSymbol) return false;
    const auto* const found = find_operator(token_.text);
    if (found == nullptr || found->binding <= least) return false;
    EC_TRY(next());
    // Powers bind from the right: 2 ^ 3 ^ 2 is 2 ^ 9.
    EC_ASSIGN_OR_RETURN(auto right, parse(found->binding == kPower ? kPower - 1 : found->binding));
    const bool chain = found->family == Family::kLogic && left.kind == Kind::kOperation && left.text == found->name &&
                       !closed_.contains(left.offset);
    if (chain) {
      left.args.push_back(std::move(right));
    } else {
      left = operation(found->name, offset, std::move(left), std::move(right));
    }
    return true;
  }

  // [NOT] LIKE, BETWEEN and IN, and IS [NOT] NULL.
  Result<bool> parse_predicate(Expression& left) {
    const auto offset = token_.offset;
    bool negated = token_.is_word("NOT");
    if (negated) EC_TRY(next());
    if (!negated && token_.is_word("IS")) {
      EC_TRY(next());
      negated = token_.is_word("NOT");
      if (negated) EC_TRY(next());
      EC_TRY(take_word("NULL"));
      left = operation("isNull", offset, std::move(left));
    } else if (token_.is_word("LIKE")) {
      EC_TRY(next());
      EC_ASSIGN_OR_RETURN(auto pattern, parse(kCompare));
      left = operation("like", offset, std::move(left), std::move(pattern));
    } else if (token_.is_word("BETWEEN")) {
      EC_TRY(next());
      EC_ASSIGN_OR_RETURN(auto low, parse(kCompare));
      EC_TRY(take_word("AND"));
      EC_ASSIGN_OR_RETURN(auto high, parse(kCompare));
      left = operation("between", offset, std::move(left), std::move(low), std::move(high));
    } else if (token_.is_word("IN")) {
      EC_TRY(next());
      EC_ASSIGN_OR_RETURN(auto members, parse_array());
      left = operation("in", offset, std::move(left), std::move(members));
    } else {
      return expected("LIKE, BETWEEN or IN");
    }
    if (negated) left = operation("not", offset, std::move(left));
    return true;
  }

  Result<Expression> parse_primary() {
    const Token token = token_;
    switch (token.kind) {
      case Token::Kind::kNumber:
        return parse_number();
      case Token::Kind::kText:
        EC_TRY(next());
        return Expression{.kind = Kind::kText, .text = token.text, .offset = token.offset};
      case Token::Kind::kQuotedName:
        EC_TRY(next());
        return Expression{.kind = Kind::kProperty, .text = token.text, .offset = token.offset};
      case Token::Kind::kName:
        return parse_name();
      default:
        if (token.is("(")) return parse_brackets();
        return expected("a property, a value or \"(\"");
    }
  }

  Result<Expression> parse_number() {
    Expression literal{.kind = Kind::kNumber, .text = token_.text, .offset = token_.offset};
    const auto* const end = token_.text.data() + token_.text.size();
    const auto read = std::from_chars(token_.text.data(), end, literal.number);
    if (read.ec != std::errc() || read.ptr != end) return lexer_.fail_at(token_.offset, "this number is too large");
    EC_TRY(next());
    return literal;
  }

  // "(a)" is a, "(a, b)" an array.
  Result<Expression> parse_brackets() {
    const auto offset = token_.offset;
    EC_TRY(next());
    if (token_.is(")")) {
      EC_TRY(next());
      return Expression{.kind = Kind::kArray, .offset = offset};
    }
    EC_ASSIGN_OR_RETURN(auto first, parse(0));
    if (token_.is(",")) return parse_members(std::move(first), offset);
    EC_TRY(take(")"));
    closed_.insert(first.offset);
    return first;
  }

  Result<Expression> parse_array() {
    const auto offset = token_.offset;
    EC_TRY(take("("));
    if (token_.is(")")) {
      EC_TRY(next());
      return Expression{.kind = Kind::kArray, .offset = offset};
    }
    EC_ASSIGN_OR_RETURN(auto first, parse(0));
    return parse_members(std::move(first), offset);
  }

  Result<Expression> parse_members(Expression first, std::size_t offset) {
    Expression array{.kind = Kind::kArray, .offset = offset};
    array.args.push_back(std::move(first));
    while (token_.is(",")) {
      EC_TRY(next());
      EC_ASSIGN_OR_RETURN(auto member, parse(0));
      array.args.push_back(std::move(member));
    }
    EC_TRY(take(")"));
    return array;
  }

  Result<Expression> parse_name() {
    const Token token = token_;
    if (is_geometry_word(token)) return parse_geometry();
    EC_TRY(next());
    for (const bool value : {true, false}) {
      if (token.is_word(value ? "TRUE" : "FALSE")) {
        return Expression{.kind = Kind::kBoolean, .boolean = value, .offset = token.offset};
      }
    }
    if (!token_.is("(")) return Expression{.kind = Kind::kProperty, .text = token.text, .offset = token.offset};
    if (token.is_word("DATE")) return parse_time(Kind::kDate);
    if (token.is_word("TIMESTAMP")) return parse_time(Kind::kTimestamp);
    if (token.is_word("INTERVAL")) return parse_interval(token.offset);
    if (token.is_word("BBOX")) return parse_bbox(token.offset);
    return parse_function(token);
  }

  Result<Expression> parse_time(Kind kind) {
    EC_TRY(take("("));
    const Token token = token_;
    if (token.kind != Token::Kind::kText) return expected("a time in quotes");
    const auto time = earthcatalog::parse_time(token.text);
    if (!time || time->date_only != (kind == Kind::kDate)) {
      return lexer_.fail_at(token.offset, kind == Kind::kDate ? "expected a date, '2020-01-31'"
                                                              : "expected a timestamp, '2020-01-31T12:00:00Z'");
    }
    EC_TRY(next());
    EC_TRY(take(")"));
    return Expression{.kind = kind, .text = token.text, .offset = token.offset};
  }

  Result<Expression> parse_interval(std::size_t offset) {
    EC_TRY(take("("));
    Expression interval{.kind = Kind::kInterval, .offset = offset};
    for (const char* after : {",", ")"}) {
      const auto at = token_.offset;
      EC_ASSIGN_OR_RETURN(auto end, parse(0));
      if (end.kind == Kind::kText && end.text != "..") {
        const auto time = earthcatalog::parse_time(end.text);
        if (!time) return lexer_.fail_at(at, "expected a date, a timestamp or '..'");
        end.kind = time->date_only ? Kind::kDate : Kind::kTimestamp;
      }
      if (!may_end_interval(end)) return lexer_.fail_at(at, "expected a property, a date, a timestamp or '..'");
      interval.args.push_back(std::move(end));
      EC_TRY(take(after));
    }
    return interval;
  }

  Result<Expression> parse_bbox(std::size_t offset) {
    EC_ASSIGN_OR_RETURN(const auto members, parse_array());
    std::vector<double> numbers;
    for (const auto& member : members.args) {
      if (member.kind != Kind::kNumber) return lexer_.fail_at(member.offset, "expected a number");
      numbers.push_back(member.number);
    }
    auto wkb = grid::wkb_of_bbox(numbers);
    if (!wkb) return lexer_.fail_at(offset, wkb.error().message);
    return Expression{.kind = Kind::kGeometry, .text = *std::move(wkb), .offset = offset};
  }

  // WKT up to the bracket that closes its first one.
  Result<Expression> parse_geometry() {
    const auto begin = token_.offset;
    int open = 0;
    do {
      EC_TRY(next());
      if (open == 0 && token_.is_word("EMPTY")) break;
      if (token_.kind == Token::Kind::kEnd) return lexer_.fail_at(begin, "a bracket of this geometry is not closed");
      open += token_.is("(") ? 1 : token_.is(")") ? -1 : 0;
    } while (open > 0 || token_.kind == Token::Kind::kName);
    auto wkb = grid::wkb_of_text(lexer_.text().substr(begin, token_.end - begin));
    if (!wkb) return lexer_.fail_at(begin, wkb.error().message);
    EC_TRY(next());
    return Expression{.kind = Kind::kGeometry, .text = *std::move(wkb), .offset = begin};
  }

  Result<Expression> parse_function(const Token& name) {
    const auto* const known = find_operator(name.text);
    const bool function = known == nullptr || known->binding == kTightest;
    if (!function) return lexer_.fail_at(name.offset, fmt::format("{} is no function", name.text));
    Expression call{
        .kind = Kind::kOperation, .text = std::string(known ? known->name : name.text), .offset = name.offset};
    EC_TRY(take("("));
    while (!token_.is(")")) {
      const bool array = known != nullptr && known->family == Family::kArray && token_.is("(");
      EC_ASSIGN_OR_RETURN(auto argument, array ? parse_array() : parse(0));
      call.args.push_back(std::move(argument));
      if (token_.is(",")) {
        EC_TRY(next());
      } else if (!token_.is(")")) {
        return expected("\",\" or \")\"");
      }
    }
    if (known != nullptr && (call.args.size() < known->least || call.args.size() > known->most)) {
      return lexer_.fail_at(name.offset,
                            fmt::format("{} takes {} arguments, not {}", known->text, known->least, call.args.size()));
    }
    EC_TRY(next());
    return call;
  }

  template <class... Args>
  static Expression operation(std::string_view name, std::size_t offset, Args&&... args) {
    Expression made{.kind = Kind::kOperation, .text = std::string(name), .offset = offset};
    (made.args.push_back(std::forward<Args>(args)), ...);
    return made;
  }

  Lexer lexer_;
  Token token_;
  int depth_ = 0;
  std::set<std::size_t> closed_;  // offsets of expressions in brackets of their own: they are no part of a chain
};

}  // namespace

Result<Expression> parse_text(std::string_view text) { return Parser(text).run(); }

}  // namespace earthcatalog::cql2
