// Amounts as people write them, with units: in flags, in the environment, in files.
//
//     EC_ASSIGN_OR_RETURN(const std::int64_t bytes, annotate(parse_bytes("768MiB"), "`memory_limit`"));
//
// Functions of values, safe to call from many threads at once. Each fails with kInvalidArgument, which quotes the text.
#pragma once

#include <cstdint>
#include <string>

#include "earthcatalog/result.h"

namespace earthcatalog::config {

/// Returns the bytes of "768MiB", "16 MB" or "4096".
Result<std::int64_t> parse_bytes(const std::string& text);

/// Returns the seconds of "15min", "90s", "2h", "1d" or "30".
Result<double> parse_duration(const std::string& text);

/// Returns the share, from 0 to 1, of "1%", "0.5 %" or "0.01".
Result<double> parse_share(const std::string& text);

}  // namespace earthcatalog::config
