// Values of a batch's columns as JSON.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::stac {

/// A column of any of the Arrow types that stand for our column types in files of ours, of the peer, and of PyIceberg.
class ColumnReader {
 public:
  ColumnReader(std::string name, std::shared_ptr<arrow::Array> values);

  const std::string& name() const { return name_; }
  bool is_null(std::int64_t row) const;
  /// The bytes of a string or binary column. kUnsupported for another.
  Result<std::string_view> text(std::int64_t row) const;
  /// Appends the value, not null, as a JSON scalar. kUnsupported for a type that is none of ours.
  Status append_scalar(std::int64_t row, std::string& out) const;

 private:
  std::string name_;
  std::shared_ptr<arrow::Array> values_;
};

}  // namespace earthcatalog::stac
