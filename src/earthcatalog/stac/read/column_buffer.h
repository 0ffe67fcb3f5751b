// One column under construction: the values of a batch's rows so far, in Arrow's layout.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <string_view>

#include "earthcatalog/result.h"
#include "earthcatalog/stac/grow_buffer.h"
#include "earthcatalog/stac/schema.h"

namespace arrow {
class Array;
}

namespace earthcatalog::stac {

/// A column may lag behind its batch: rows that it has not been given are null. kBbox columns are not built here.
class ColumnBuffer {
 public:
  explicit ColumnBuffer(ColumnType type) : type_(type) {}

  ColumnType type() const { return type_; }
  std::size_t rows() const { return rows_; }
  /// Memory held.
  std::size_t bytes() const { return valid_.capacity() + words_.capacity() + text_.capacity(); }

  /// Makes `row` the next row to be written: the ones before that have no value are null.
  void start_row(std::size_t row) {
    if (rows_ < row) pad(row);
  }
  void append_word(std::uint64_t bits) {  // long, timestamp, double
    words_.append_value(bits);
    end_row();
  }
  void append_long(std::int64_t value) { append_word(static_cast<std::uint64_t>(value)); }
  void append_double(double value) { append_word(std::bit_cast<std::uint64_t>(value)); }
  void append_bool(bool value) {
    words_.push_back(value ? 1 : 0);
    end_row();
  }
  /// Strings and binaries are written in place: append to text(), then end_text(). What was not ended is dropped by
  /// truncate().
  GrowBuffer& text() { return text_; }
  void end_text() {
    words_.append_value(static_cast<std::uint32_t>(text_.size()));
    end_row();
  }
  std::string_view last_text() const;
  std::int64_t last_long() const;

  /// Drops the rows from `rows` on, and text that was begun.
  void truncate(std::size_t rows);

  /// The array of `rows` rows; the buffer is empty afterwards. kInvalidData when the text is larger than the 2 GiB
  /// that Arrow's string type can hold.
  Result<std::shared_ptr<arrow::Array>> finish(std::size_t rows, std::string_view name);

 private:
  void end_row() {
    valid_.push_back(1);
    ++rows_;
  }
  bool is_text() const { return type_ == ColumnType::kString || type_ == ColumnType::kBinary; }
  std::size_t text_end(std::size_t rows) const;
  void pad(std::size_t rows);

  ColumnType type_;
  std::size_t rows_ = 0;
  GrowBuffer valid_;  // a byte a row: 0 is null
  GrowBuffer words_;  // 8 bytes a row; text: where each row ends, 4 bytes; boolean: a byte
  GrowBuffer text_;
};

}  // namespace earthcatalog::stac
