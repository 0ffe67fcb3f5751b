// An expression that is bound to the properties of rows, and its answer for one of them: true, false or unknown (null).
//
//     EC_ASSIGN_OR_RETURN(Predicate cloudless, Predicate::bind(filter, resolve));
//     EC_ASSIGN_OR_RETURN(const std::optional<bool> yes, cloudless.test(row));
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "earthcatalog/cql2/expression.h"
#include "earthcatalog/cql2/value.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cql2 {

/// The values of one row.
class Row {
 public:
  virtual ~Row() = default;
  virtual Value property(std::size_t slot) const = 0;
};

/// What is known of a property among some rows.
struct Extent {
  Value least, greatest;    ///< of its values, or beyond them; null: not known
  bool may_be_null = true;  ///< some row may have none
  bool all_null = false;    ///< no row has one
};

/// What is known of some rows before they are read.
class Statistics {
 public:
  virtual ~Statistics() = default;
  virtual Extent extent(std::size_t slot) const = 0;
};

/// A property that an expression names: where a row has it, and of what type it is.
struct Slot {
  std::size_t number = 0;
  ValueType type = ValueType::kAny;
};
using Resolver = std::function<Result<Slot>(std::string_view name)>;

/// kInvalidArgument: what no rows could make sense of, as bind() says it.
Status check(const Expression& expression);

/// Not thread-safe: each thread has its own.
class Predicate {
 public:
  /// kInvalidArgument names an operator of another type than its operands, a function that CQL2 does not define, and an
  /// expression that is neither true nor false; `resolve`'s errors as they are.
  static Result<Predicate> bind(const Expression& expression, const Resolver& resolve);
  Predicate(Predicate&&) noexcept;
  Predicate& operator=(Predicate&&) noexcept;
  ~Predicate();

  /// Returns false only when no row that the statistics describe can meet the filter.
  bool may_be_true(const Statistics& rows) const;

  /// Three-valued logic: what compares a null is unknown, and a search finds what is true. kInvalidData for geometries
  /// that nobody can compare.
  Result<std::optional<bool>> test(const Row& row);

 private:
  class Impl;
  explicit Predicate(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace earthcatalog::cql2
