// The library speaks of settings; the command line speaks of flags.
#pragma once

#include <string>
#include <string_view>

namespace earthcatalog::cli {

/// Returns a message of the library in the words of the command line. A setting in backquotes becomes its flag, a call
/// becomes its command; all else stays as it is:
///
///     `h3_resolution`                              --h3-resolution
///     `unlock(force, catalog=s3://b/c.db)`         earthcatalog unlock --force --catalog s3://b/c.db
///     `index.build()`                              earthcatalog index build
std::string in_flags(std::string_view message);

/// Returns a message of the command line in the words of the library: --h3-resolution is `h3_resolution`.
std::string in_settings(std::string_view message);

}  // namespace earthcatalog::cli
