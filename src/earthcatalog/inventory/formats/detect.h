// Detects a file's format by its first bytes, checked against its name. Internal to the module.
#pragma once

#include <cstdint>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::inventory {

enum class FileKind : std::uint8_t { kCsv, kCsvGzip, kParquet, kOrc, kManifest, kSymlink, kProblems };

/// Enough first bytes for detect().
inline constexpr std::size_t kProbeBytes = 4096;

/// `first` holds the file's first bytes (all of them, when there are fewer). The name decides where bytes cannot
/// (symlink.txt is text as CSV is). kInvalidData, saying what was found, when the name promises something else, when
/// there are no bytes, or when they are no inventory of any kind.
Result<FileKind> detect(std::string_view name, std::string_view first);

std::string_view to_string(FileKind kind);

}  // namespace earthcatalog::inventory
