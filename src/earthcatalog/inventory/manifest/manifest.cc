#include "earthcatalog/inventory/manifest/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace earthcatalog::inventory {
namespace {

using Json = nlohmann::json;

Result<std::string> text_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return fail(ErrorKind::kInvalidData, "no member '{}'", name);
  if (!found->is_string()) return fail(ErrorKind::kInvalidData, "member '{}' is not a string", name);
  return found->get<std::string>();
}

Result<FileKind> parse_format(const std::string& text) {
  if (text == "CSV") return FileKind::kCsvGzip;
  if (text == "Parquet") return FileKind::kParquet;
  if (text == "ORC") return FileKind::kOrc;
  return fail(ErrorKind::kUnsupported, "fileFormat is '{}'; expected CSV, Parquet or ORC", text);
}

// "Bucket, Key, VersionId, IsLatest, ...".
Result<ColumnMap> parse_schema(std::string_view schema) {
  std::vector<std::string_view> names;
  while (!schema.empty()) {
    const auto comma = schema.find(',');
    names.push_back(schema.substr(0, comma));
    schema.remove_prefix(comma == schema.npos ? schema.size() : comma + 1);
  }
  EC_ASSIGN_OR_RETURN(const ColumnMap map, map_columns(names));
  if (!map.has_object_name()) {
    return fail(ErrorKind::kInvalidData, "no column '{}'", map[ColumnRole::kBucket] < 0 ? "Bucket" : "Key");
  }
  return map;
}

Result<std::string> parse_md5(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  const bool hex = text.size() == 32 && text.find_first_not_of("0123456789abcdef") == text.npos;
  if (!hex) return fail(ErrorKind::kInvalidData, "MD5checksum '{}' is not 32 hexadecimal digits", text);
  return text;
}

Result<ManifestFile> parse_file(const Json& json) {
  if (!json.is_object()) return fail(ErrorKind::kInvalidData, "not an object");
  ManifestFile file;
  EC_ASSIGN_OR_RETURN(file.key, text_member(json, "key"));
  if (file.key.empty()) return fail(ErrorKind::kInvalidData, "member 'key' is empty");
  if (const auto size = json.find("size"); size != json.end()) {
    if (!size->is_number_integer() || *size < 0) return fail(ErrorKind::kInvalidData, "member 'size' is no file size");
    file.size_bytes = size->get<std::int64_t>();
  }
  if (json.contains("MD5checksum")) {
    EC_ASSIGN_OR_RETURN(std::string md5, text_member(json, "MD5checksum"));
    EC_ASSIGN_OR_RETURN(file.md5, parse_md5(std::move(md5)));
  }
  return file;
}

Result<Manifest> parse_members(const Json& json) {
  if (!json.is_object()) return fail(ErrorKind::kInvalidData, "not a JSON object");
  Manifest manifest;
  EC_ASSIGN_OR_RETURN(const std::string format, text_member(json, "fileFormat"));
  EC_ASSIGN_OR_RETURN(manifest.format, parse_format(format));
  EC_ASSIGN_OR_RETURN(manifest.destination_bucket, text_member(json, "destinationBucket"));
  constexpr std::string_view kArn = ":::";
  if (const auto arn = manifest.destination_bucket.rfind(kArn); arn != std::string::npos) {
    manifest.destination_bucket.erase(0, arn + kArn.size());
  }
  if (manifest.destination_bucket.empty()) return fail(ErrorKind::kInvalidData, "member 'destinationBucket' is empty");
  if (manifest.format == FileKind::kCsvGzip) {
    EC_ASSIGN_OR_RETURN(const std::string schema, text_member(json, "fileSchema"));
    EC_ASSIGN_OR_RETURN(manifest.columns, annotate(parse_schema(schema), "fileSchema"));
  }
  const auto files = json.find("files");
  if (files == json.end() || !files->is_array()) return fail(ErrorKind::kInvalidData, "no array 'files'");
  for (std::size_t i = 0; i < files->size(); ++i) {
    EC_ASSIGN_OR_RETURN(ManifestFile file, annotate(parse_file((*files)[i]), fmt::format("files[{}]", i)));
    manifest.files.push_back(std::move(file));
  }
  return manifest;
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text) {
  try {
    return annotate(parse_members(Json::parse(text)), "not an S3 Inventory manifest");
  } catch (const Json::parse_error& error) {
    return fail(ErrorKind::kInvalidData, "not valid JSON at byte {}: {}", error.byte, error.what());
  } catch (const Json::exception& error) {
    return fail(ErrorKind::kInvalidData, "not an S3 Inventory manifest: {}", error.what());
  }
}

Result<std::vector<std::string>> parse_symlink(std::string_view text) {
  std::vector<std::string> uris;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    if (!line.empty()) uris.emplace_back(line);
  }
  if (uris.empty()) return fail(ErrorKind::kInvalidData, "the file lists no data files");
  return uris;
}

std::string without_doubled_slashes(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c != '/' || !out.ends_with('/')) out += c;
  }
  return out;
}

}  // namespace earthcatalog::inventory
