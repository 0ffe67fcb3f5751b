#include "earthcatalog/cql2/predicate.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "earthcatalog/cql2/bind_internal.h"
#include "earthcatalog/cql2/bounds.h"
#include "earthcatalog/cql2/compare.h"
#include "earthcatalog/cql2/fold.h"
#include "earthcatalog/cql2/temporal.h"

namespace earthcatalog::cql2 {
namespace {

using Op = Node::Op;
using Answer = std::optional<bool>;

Value value_of(Answer answer) { return answer ? Value(*answer) : Value(); }

Answer answer_of(const Value& value) {
  const auto* const boolean = std::get_if<bool>(&value);
  return boolean == nullptr ? std::nullopt : Answer(*boolean);
}

Answer both(Answer a, Answer b) {
  if (a == false || b == false) return false;
  return a && b ? Answer(true) : std::nullopt;
}

// Of two lists as sets: whether every member of `a` is in `b`.
bool within(const Values& a, const Values& b) {
  const auto equal_to = [](const Value& x) {
    return [&x](const Value& y) { return compared(Op::kEqual, x, y) == true; };
  };
  return std::ranges::all_of(a, [&](const Value& x) { return std::ranges::any_of(b, equal_to(x)); });
}

Answer related_lists(std::string_view name, const Value& a, const Value& b) {
  const auto *x = std::get_if<Values>(&a), *y = std::get_if<Values>(&b);
  if (x == nullptr || y == nullptr) return std::nullopt;
  if (name == "a_contains") return within(*y, *x);
  if (name == "a_containedBy") return within(*x, *y);
  if (name == "a_equals") return within(*x, *y) && within(*y, *x);
  return std::ranges::any_of(*x, [&](const Value& one) { return within({one}, *y); });
}

Value computed(Op op, double a, double b) {
  switch (op) {
    case Op::kAdd:
      return a + b;
    case Op::kSubtract:
      return a - b;
    case Op::kMultiply:
      return a * b;
    case Op::kPower:
      return std::pow(a, b);
    default:
      break;
  }
  if (b == 0) return {};  // as SQL has it: nothing is divided by nothing
  if (op == Op::kDivide) return a / b;
  return op == Op::kModulo ? std::fmod(a, b) : std::trunc(a / b);
}

}  // namespace

class Predicate::Impl {
 public:
  explicit Impl(Node root) : root_(std::move(root)) {}

  bool may_be_true(const Statistics& rows) const { return possible(root_, rows).yes; }

  Result<Answer> test(const Row& row) {
    EC_ASSIGN_OR_RETURN(const auto value, evaluate(root_, row));
    return answer_of(value);
  }

 private:
  Result<Value> evaluate(const Node& node, const Row& row) {
    switch (node.op) {
      case Op::kLiteral:
        return node.type == ValueType::kGeometry ? Value(Geometry{node.name}) : node.literal;
      case Op::kProperty:
        return row.property(node.slot);
      case Op::kAnd:
      case Op::kOr:
        return chain(node, row);
      case Op::kIn:
        return in(node, row);
      case Op::kIsNull: {
        EC_ASSIGN_OR_RETURN(const auto value, evaluate(node.args[0], row));
        return Value(value.is_null());
      }
      default:
        break;
    }
    Values args;
    for (const auto& argument : node.args) {
      EC_ASSIGN_OR_RETURN(auto value, evaluate(argument, row));
      args.push_back(std::move(value));
    }
    return apply(node, std::move(args));
  }

  // The first operand that settles it ends it; an unknown one does not.
  Result<Value> chain(const Node& node, const Row& row) {
    const bool settles = node.op == Op::kOr;
    Answer answer = !settles;
    for (const auto& operand : node.args) {
      EC_ASSIGN_OR_RETURN(const auto value, evaluate(operand, row));
      const auto said = answer_of(value);
      if (said == settles) return Value(settles);
      if (!said) answer = std::nullopt;
    }
    return value_of(answer);
  }

  Result<Value> in(const Node& node, const Row& row) {
    EC_ASSIGN_OR_RETURN(const auto value, evaluate(node.args[0], row));
    if (node.args[1].args.empty()) return Value(false);
    Answer answer = false;
    for (const auto& member : node.args[1].args) {
      EC_ASSIGN_OR_RETURN(const auto other, evaluate(member, row));
      const auto same = compared(Op::kEqual, value, other);
      if (same == true) return Value(true);
      if (!same) answer = std::nullopt;
    }
    return value_of(answer);
  }

  Result<Value> apply(const Node& node, Values args) {
    switch (node.op) {
      case Op::kList:
        return Value(std::move(args));
      case Op::kInterval:
        return interval(args);
      case Op::kNot: {
        const auto answer = answer_of(args[0]);
        return answer ? Value(!*answer) : Value();
      }
      case Op::kBetween:
        return value_of(
            both(compared(Op::kGreaterOrEqual, args[0], args[1]), compared(Op::kLessOrEqual, args[0], args[2])));
      case Op::kLike: {
        const auto *text = std::get_if<std::string>(&args[0]), *pattern = std::get_if<std::string>(&args[1]);
        return text == nullptr || pattern == nullptr ? Value() : Value(is_like(*text, *pattern));
      }
      case Op::kCaseI:
      case Op::kAccentI: {
        const auto* const text = std::get_if<std::string>(&args[0]);
        if (text == nullptr) return Value();
        return Value(node.op == Op::kCaseI ? without_case(*text) : without_accents(*text));
      }
      case Op::kSpatial:
        return spatial(node, args);
      case Op::kTemporal: {
        const auto a = as_times(args[0]), b = as_times(args[1]);
        return a && b ? Value(related(node.name, *a, *b)) : Value();
      }
      case Op::kArray:
        return value_of(related_lists(node.name, args[0], args[1]));
      default:
        return compare_or_compute(node.op, args);
    }
  }

  static Value compare_or_compute(Op op, const Values& args) {
    if (op >= Op::kEqual && op <= Op::kGreaterOrEqual) return value_of(compared(op, args[0], args[1]));
    const auto* const a = std::get_if<double>(&args[0]);
    if (op == Op::kNegate) return a == nullptr ? Value() : Value(-*a);
    const auto* const b = std::get_if<double>(&args[1]);
    return a == nullptr || b == nullptr ? Value() : computed(op, *a, *b);
  }

  static Value interval(const Values& ends) {
    const auto first = as_times(ends[0]), last = as_times(ends[1]);
    if (!first || !last) return {};
    return Times{first->first, last->last, last->last_begins};
  }

  Result<Value> spatial(const Node& node, const Values& args) {
    const auto *a = std::get_if<Geometry>(&args[0]), *b = std::get_if<Geometry>(&args[1]);
    if (a == nullptr || b == nullptr) return Value();
    EC_ASSIGN_OR_RETURN(const bool yes, spatial_.related(node.relation, a->wkb, b->wkb));
    return Value(yes);
  }

  Node root_;
  Spatial spatial_;
};

Predicate::Predicate(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Predicate::Predicate(Predicate&&) noexcept = default;
Predicate& Predicate::operator=(Predicate&&) noexcept = default;
Predicate::~Predicate() = default;

Result<Predicate> Predicate::bind(const Expression& expression, const Resolver& resolve) {
  EC_ASSIGN_OR_RETURN(auto root, bind_node(expression, resolve));
  return Predicate(std::make_unique<Impl>(std::move(root)));
}

bool Predicate::may_be_true(const Statistics& rows) const { return impl_->may_be_true(rows); }
Result<std::optional<bool>> Predicate::test(const Row& row) { return impl_->test(row); }

}  // namespace earthcatalog::cql2
