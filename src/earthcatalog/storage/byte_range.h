// Ranges as `ObjectStore::get_range` takes them.
#pragma once

#include <algorithm>
#include <cstdint>

namespace earthcatalog::storage {

struct ByteRange {
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

/// `length` bytes from `offset` (negative: from the end) of an object of `size` bytes, without what lies outside.
inline ByteRange clamp_range(std::int64_t offset, std::int64_t length, std::int64_t size) {
  if (offset < 0) offset = std::max<std::int64_t>(0, size + offset);
  offset = std::min(offset, size);
  return {offset, std::clamp<std::int64_t>(length, 0, size - offset)};
}

}  // namespace earthcatalog::storage
