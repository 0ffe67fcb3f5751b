// The parts of a URI or local path.
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::storage {

struct ParsedUri {
  std::string scheme;     ///< lower case; "file" for a plain path, "s3" also for s3a and s3n, "gs", "abfs"
  std::string authority;  ///< bucket, container or name; empty for files
  std::string path;       ///< without the leading slash; a trailing one stays
};

/// Takes the text letter by letter: also in file URIs "%20" is a percent sign and two digits, as it is for the other
/// readers of Iceberg tables. Knows the spellings that other engines write: "file:/p", "file://localhost/p", "s3a://",
/// "s3n://", "gcs://", "abfss://". Local paths become absolute, without ".", ".." and doubled slashes; in keys of
/// object stores these have a meaning and stay.
Result<ParsedUri> parse_uri(std::string_view path_or_uri);

/// Names a place for comparisons: two texts that spell one place have the same key, two places have different ones.
/// It is what normalize_uri() gives, and the text itself where that is an error. Symbolic links are not followed.
std::string place_key(std::string_view path_or_uri);

/// The path that a file URI names, with its %XX decoded; any other text unchanged, so that a second call changes
/// nothing. For what a user typed, at the edge of the program: below it every text is taken letter by letter.
/// kInvalidArgument for a '%' without two hexadecimal digits behind it, or another host than this one.
Result<std::string> decode_file_uri(std::string_view typed);

}  // namespace earthcatalog::storage
