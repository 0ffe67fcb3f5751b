// Numbers that manifests and manifest lists share.
#pragma once

#include <cstdint>

#include "earthcatalog/iceberg/avro/decoder.h"

namespace earthcatalog::iceberg {

/// No file has more bytes, no manifest more rows: thousands of such numbers can be added up.
inline constexpr std::int64_t kMostRowsOrBytes = std::int64_t{1} << 46;

/// Rows or bytes, of which there are neither less than none nor more than kMostRowsOrBytes: else the file is damaged.
inline std::int64_t read_amount(avro::Decoder& in, const avro::Node& type) {
  const std::int64_t value = in.integer(type);
  if (value < 0 || value > kMostRowsOrBytes) in.fail_with("a number of rows or bytes is out of range");
  return value;
}

}  // namespace earthcatalog::iceberg
