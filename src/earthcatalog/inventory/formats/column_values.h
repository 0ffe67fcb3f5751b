// Typed access to the columns of a record batch, whatever type their writer chose. Internal to the module.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "earthcatalog/base/time.h"
#include "earthcatalog/result.h"

namespace earthcatalog::inventory {

/// Text: string, binary, their large and view forms, or a dictionary of one of them. Nothing for null, and for every
/// row when the column is absent. Views are valid as long as the array.
class TextColumn {
 public:
  static Status check(const arrow::DataType& type);
  void bind(std::shared_ptr<arrow::Array> array);
  std::optional<std::string_view> at(std::int64_t row) const;

 private:
  std::shared_ptr<arrow::Array> array_;
  std::shared_ptr<arrow::Array> dictionary_;
};

/// Whole numbers: any integer type, a floating-point column that holds them (pandas), or decimal text.
class NumberColumn {
 public:
  static Status check(const arrow::DataType& type);
  void bind(std::shared_ptr<arrow::Array> array);
  std::optional<std::int64_t> at(std::int64_t row) const;

 private:
  std::shared_ptr<arrow::Array> array_;
  TextColumn text_;
};

/// Times: a timestamp of any unit, with a zone (then an instant) or without (then UTC), a date, or text.
class TimeColumn {
 public:
  struct Value {
    std::optional<TimeMicros> micros;
    std::string_view text;  ///< not empty when the row has a date that is no number, or one out of range
  };
  static Status check(const arrow::DataType& type);
  void bind(std::shared_ptr<arrow::Array> array);
  Value at(std::int64_t row) const;

 private:
  std::shared_ptr<arrow::Array> array_;
  TextColumn text_;
};

/// Flags: booleans, or text as parse_flag() reads it. Nothing when null or neither true nor false.
class FlagColumn {
 public:
  static Status check(const arrow::DataType& type);
  void bind(std::shared_ptr<arrow::Array> array);
  std::optional<bool> at(std::int64_t row) const;

 private:
  std::shared_ptr<arrow::Array> array_;
  TextColumn text_;
};

/// A decimal number that fills the text. Nothing when it does not, or does not fit.
std::optional<std::int64_t> parse_integer(std::string_view text);

}  // namespace earthcatalog::inventory
