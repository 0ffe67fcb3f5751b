// Facts that the operating system knows about this process.
#pragma once

#include <cstdint>

namespace earthcatalog {

/// The most memory that this process has held so far, bytes.
std::int64_t peak_rss_bytes();

}  // namespace earthcatalog
