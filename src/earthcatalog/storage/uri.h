// The parts of a URI or local path.
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::storage {

struct ParsedUri {
  std::string scheme;     ///< lower case; "file" for a plain path, "s3" also for s3a and s3n
  std::string authority;  ///< bucket, container or name; empty for files
  std::string path;       ///< without the leading slash; a trailing one stays
};

/// Takes the text letter by letter: also in file URIs "%20" is a percent sign and two digits, as it is for the other
/// readers of Iceberg tables. Local paths become absolute, without "." and "..".
Result<ParsedUri> parse_uri(std::string_view path_or_uri);

}  // namespace earthcatalog::storage
