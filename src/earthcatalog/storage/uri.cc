#include "earthcatalog/storage/uri.h"

#include <algorithm>
#include <filesystem>

#include "earthcatalog/storage/percent.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::storage {
namespace {

bool is_scheme(std::string_view text) {
  if (text.size() < 2) return false;
  for (const char c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-')) {
      return false;
    }
  }
  return true;
}

// "/a/b" or "/a/b/": absolute, without ".", ".." and doubled slashes.
Result<std::string> absolute_path(const std::string& path) {
  const bool normal = path.starts_with('/') && path.find("//") == path.npos && path.find("/.") == path.npos;
  if (normal) return path;
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  if (error) return fail(ErrorKind::kIOError, "'{}' cannot be made absolute: {}", path, error.message());
  return absolute.lexically_normal().native();
}

constexpr std::string_view kFileScheme = "file:";

// "file:/p" and "FILE:///p", but not the relative path "file:p".
bool is_file_uri(std::string_view text) {
  if (text.size() <= kFileScheme.size() || text[kFileScheme.size()] != '/') return false;
  return std::ranges::equal(text.substr(0, kFileScheme.size()), kFileScheme,
                            [](char c, char wanted) { return (c >= 'A' && c <= 'Z' ? c + 32 : c) == wanted; });
}

// "/p" of "file:/p", "file:///p" and "file://localhost/p".
Result<std::string_view> path_of_file_uri(std::string_view text) {
  const std::string_view rest = text.substr(kFileScheme.size());
  if (!rest.starts_with("//")) return rest;
  const std::string_view path = rest.substr(2);
  const std::string_view host = path.substr(0, path.find('/'));
  if (host.empty() || host == "localhost") return path.substr(host.size());
  return fail(ErrorKind::kInvalidArgument, "'{}' names the host '{}'; a file URI begins with file:/// and a path", text,
              host);
}

Result<ParsedUri> local(std::string_view text) {
  EC_ASSIGN_OR_RETURN(const std::string path, absolute_path(std::string(text)));
  return ParsedUri{.scheme = "file", .authority = {}, .path = path.substr(1)};
}

// The one name of a scheme that goes by several.
std::string scheme_of(std::string_view text) {
  std::string scheme;
  for (const char c : text) scheme += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (scheme == "s3a" || scheme == "s3n") return "s3";
  if (scheme == "gcs") return "gs";
  if (scheme == "abfss") return "abfs";
  return scheme;
}

// "s3:/bucket" is a slip of the pen: as the local path that it could be, it would make a folder of that name.
Status check_slashes(std::string_view text) {
  constexpr std::string_view kSchemes[] = {"s3", "gs", "abfs", "memory", "http", "https"};
  const std::size_t colon = text.find(":/");
  if (colon == text.npos || text.substr(colon).starts_with("://")) return {};
  const std::string scheme = scheme_of(text.substr(0, colon));
  if (std::ranges::find(kSchemes, scheme) == std::end(kSchemes)) return {};
  return fail(ErrorKind::kInvalidArgument, "'{}' has one slash behind '{}'; a URI has two", text,
              text.substr(0, colon + 1));
}

}  // namespace

Result<ParsedUri> parse_uri(std::string_view text) {
  if (text.empty()) return fail(ErrorKind::kInvalidArgument, "an empty path or URI was given");
  if (text.find('\0') != text.npos) return fail(ErrorKind::kInvalidArgument, "a path or URI holds a zero byte");
  if (is_file_uri(text)) {
    EC_ASSIGN_OR_RETURN(const auto path, path_of_file_uri(text));
    return local(path.empty() ? "/" : path);
  }
  const std::size_t separator = text.find("://");
  if (separator == text.npos || !is_scheme(text.substr(0, separator))) {
    EC_TRY(check_slashes(text));
    return local(text);
  }
  ParsedUri uri{.scheme = scheme_of(text.substr(0, separator)), .authority = {}, .path = {}};
  const std::string_view rest = text.substr(separator + 3);
  const std::size_t slash = rest.find('/');
  uri.authority = rest.substr(0, slash);
  if (uri.authority.empty()) return fail(ErrorKind::kInvalidArgument, "'{}' names no bucket", text);
  uri.path = slash == rest.npos ? "" : rest.substr(slash + 1);
  return uri;
}

Result<std::string> normalize_uri(std::string_view path_or_uri) {
  EC_ASSIGN_OR_RETURN(const ParsedUri uri, parse_uri(path_or_uri));
  std::string_view path = uri.path;
  while (path.ends_with('/')) path.remove_suffix(1);
  return fmt::format("{}://{}{}{}", uri.scheme, uri.authority, path.empty() && uri.scheme != "file" ? "" : "/", path);
}

std::string place_key(std::string_view path_or_uri) {
  auto uri = normalize_uri(path_or_uri);
  return uri ? std::move(*uri) : std::string(path_or_uri);
}

Result<std::string> decode_file_uri(std::string_view typed) {
  if (!is_file_uri(typed)) return std::string(typed);
  EC_ASSIGN_OR_RETURN(const auto path, path_of_file_uri(typed));
  auto decoded = percent_decode(path.empty() ? "/" : path);
  if (decoded) return std::move(*decoded);
  return fail(ErrorKind::kInvalidArgument,
              "'{}' has a '%' without two hexadecimal digits behind it; write %25, or give a plain path", typed);
}

std::string join_uri(std::string_view base, std::string_view relative) {
  while (base.ends_with('/') && !base.ends_with("://") && !base.ends_with(":///") && base != "/") base.remove_suffix(1);
  while (relative.starts_with('/')) relative.remove_prefix(1);
  if (relative.empty()) return std::string(base);
  return fmt::format("{}{}{}", base, base.ends_with('/') ? "" : "/", relative);
}

}  // namespace earthcatalog::storage
