// Formats that are text. Internal to the module.
#pragma once

#include <utility>

#include "earthcatalog/answer/writer.h"

namespace earthcatalog::answer {

/// Writes each piece as it is.
class TextWriter : public Writer {
 public:
  TextWriter(iceberg::Schema columns, Output output) : output_(std::move(output)), columns_(std::move(columns)) {}
  const iceberg::Schema& columns() const override { return columns_; }
  Result<bool> take(search::Piece&& piece, std::size_t count) override;
  Status finish(const Ending&) override { return {}; }

 protected:
  const Output output_;

 private:
  const iceberg::Schema columns_;
};

}  // namespace earthcatalog::answer
