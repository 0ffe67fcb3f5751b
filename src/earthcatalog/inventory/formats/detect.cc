#include "earthcatalog/inventory/formats/detect.h"

#include <algorithm>
#include <optional>
#include <string>

namespace earthcatalog::inventory {
namespace {

enum class Content : std::uint8_t { kText, kJson, kGzip, kParquet, kOrc, kUtf16, kZip, kBinary };

Content content_of(std::string_view first) {
  if (first.starts_with("\x1f\x8b")) return Content::kGzip;
  if (first.starts_with("PAR1") || first.starts_with("PARE")) return Content::kParquet;
  if (first.starts_with("ORC")) return first.find('\0') != first.npos ? Content::kOrc : Content::kText;
  if (first.starts_with("\xff\xfe") || first.starts_with("\xfe\xff")) return Content::kUtf16;
  if (first.starts_with("PK\x03\x04")) return Content::kZip;
  if (first.find('\0') != first.npos) return Content::kBinary;
  const auto begin = first.find_first_not_of(" \t\r\n");
  return begin != first.npos && first[begin] == '{' ? Content::kJson : Content::kText;
}

std::string_view describe(Content content) {
  switch (content) {
    case Content::kText:
      return "text";
    case Content::kJson:
      return "JSON (it begins with '{')";
    case Content::kGzip:
      return "gzip (it begins with 1f 8b)";
    case Content::kParquet:
      return "Parquet (it begins with PAR1)";
    case Content::kOrc:
      return "ORC (it begins with ORC)";
    case Content::kUtf16:
      return "UTF-16 text (save it as UTF-8)";
    case Content::kZip:
      return "a zip archive (unpack it)";
    default:
      return "binary data of no known kind";
  }
}

std::optional<FileKind> promised_by(std::string_view name) {
  std::string lower(name.substr(name.rfind('/') + 1));
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower == "symlink.txt") return FileKind::kSymlink;
  if (lower.ends_with(".csv")) return FileKind::kCsv;
  if (lower.ends_with(".gz") || lower.ends_with(".gzip")) return FileKind::kCsvGzip;
  if (lower.ends_with(".parquet") || lower.ends_with(".pq")) return FileKind::kParquet;
  if (lower.ends_with(".orc")) return FileKind::kOrc;
  if (lower.ends_with(".ndjson") || lower.ends_with(".jsonl")) return FileKind::kProblems;
  if (lower.ends_with(".json")) return FileKind::kManifest;
  return std::nullopt;
}

Content content_for(FileKind kind) {
  switch (kind) {
    case FileKind::kCsvGzip:
      return Content::kGzip;
    case FileKind::kParquet:
      return Content::kParquet;
    case FileKind::kOrc:
      return Content::kOrc;
    case FileKind::kManifest:
    case FileKind::kProblems:
      return Content::kJson;
    default:
      return Content::kText;
  }
}

// Without a name to go by: a manifest's first line is no complete object with a key.
FileKind json_kind(std::string_view first) {
  const auto line = first.substr(0, first.find('\n'));
  const bool whole_object = line.find_last_not_of(" \t\r") != line.npos && line[line.find_last_not_of(" \t\r")] == '}';
  return whole_object && line.find("\"files\"") == line.npos ? FileKind::kProblems : FileKind::kManifest;
}

}  // namespace

std::string_view to_string(FileKind kind) {
  switch (kind) {
    case FileKind::kCsv:
      return "CSV";
    case FileKind::kCsvGzip:
      return "gzip";
    case FileKind::kParquet:
      return "Parquet";
    case FileKind::kOrc:
      return "ORC";
    case FileKind::kManifest:
      return "a JSON manifest";
    case FileKind::kSymlink:
      return "a list of data files";
    default:
      return "newline-delimited JSON";
  }
}

Result<FileKind> detect(std::string_view name, std::string_view first) {
  const auto promised = promised_by(name);
  if (first.empty()) {
    return fail(ErrorKind::kInvalidData, "the file is empty (0 bytes); expected {}",
                promised ? to_string(*promised) : "an inventory");
  }
  const Content content = content_of(first);
  if (promised) {
    if (content_for(*promised) == content) return *promised;
    return fail(ErrorKind::kInvalidData, "the file is not what its name says: expected {}, found {}",
                to_string(*promised), describe(content));
  }
  switch (content) {
    case Content::kText:
      return FileKind::kCsv;
    case Content::kJson:
      return json_kind(first);
    case Content::kGzip:
      return FileKind::kCsvGzip;
    case Content::kParquet:
      return FileKind::kParquet;
    case Content::kOrc:
      return FileKind::kOrc;
    default:
      return fail(ErrorKind::kInvalidData, "the file is no inventory: it is {}", describe(content));
  }
}

}  // namespace earthcatalog::inventory
