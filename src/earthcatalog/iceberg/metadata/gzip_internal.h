// zlib, for gzip'd metadata and for the blocks of Avro files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::iceberg {

enum class DeflateFormat { kRaw, kGzip };

/// kInvalidData when `bytes` are damaged or would grow over `limit`.
Result<std::string> inflate_bytes(std::string_view bytes, DeflateFormat format, std::size_t limit);
/// Raw deflate of `bytes`, appended to `out`.
void deflate_bytes(std::string_view bytes, int level, std::string& out);

}  // namespace earthcatalog::iceberg
