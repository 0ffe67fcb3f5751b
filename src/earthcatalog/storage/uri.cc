#include "earthcatalog/storage/uri.h"

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
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  if (error) return fail(ErrorKind::kIOError, "'{}' cannot be made absolute: {}", path, error.message());
  return absolute.lexically_normal().native();
}

}  // namespace

Result<ParsedUri> parse_uri(std::string_view text) {
  if (text.empty()) return fail(ErrorKind::kInvalidArgument, "an empty path or URI was given");
  if (text.find('\0') != text.npos) return fail(ErrorKind::kInvalidArgument, "a path or URI holds a zero byte");
  const std::size_t separator = text.find("://");
  if (separator == text.npos || !is_scheme(text.substr(0, separator))) {
    EC_ASSIGN_OR_RETURN(std::string path, absolute_path(std::string(text)));
    return ParsedUri{.scheme = "file", .authority = {}, .path = path.substr(1)};
  }
  ParsedUri uri;
  for (const char c : text.substr(0, separator)) uri.scheme += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const std::string_view rest = text.substr(separator + 3);
  const std::size_t slash = rest.find('/');
  uri.authority = rest.substr(0, slash);
  const std::string_view path = slash == rest.npos ? "" : rest.substr(slash + 1);
  if (uri.scheme == "s3a" || uri.scheme == "s3n") uri.scheme = "s3";
  if (uri.scheme != "file") {
    if (uri.authority.empty()) return fail(ErrorKind::kInvalidArgument, "'{}' names no bucket", text);
    uri.path = path;
    return uri;
  }
  if (!uri.authority.empty() && uri.authority != "localhost") {
    return fail(ErrorKind::kInvalidArgument, "'{}' names the host '{}'; a file URI begins with file:/// and a path",
                text, uri.authority);
  }
  uri.authority.clear();
  EC_ASSIGN_OR_RETURN(const std::string normal, absolute_path("/" + std::string(path)));
  uri.path = normal.substr(1);
  return uri;
}

Result<std::string> normalize_uri(std::string_view path_or_uri) {
  std::string text(path_or_uri);
  if (text.starts_with("file://")) {
    auto decoded = percent_decode(text);
    if (!decoded) {
      return fail(ErrorKind::kInvalidArgument,
                  "'{}' has a '%' without two hexadecimal digits behind it; write %25, or give a plain path", text);
    }
    text = std::move(*decoded);
  }
  EC_ASSIGN_OR_RETURN(const ParsedUri uri, parse_uri(text));
  std::string_view path = uri.path;
  while (path.ends_with('/')) path.remove_suffix(1);
  return fmt::format("{}://{}{}{}", uri.scheme, uri.authority, path.empty() && uri.scheme != "file" ? "" : "/", path);
}

std::string join_uri(std::string_view base, std::string_view relative) {
  while (base.ends_with('/') && !base.ends_with("://") && !base.ends_with(":///") && base != "/") base.remove_suffix(1);
  while (relative.starts_with('/')) relative.remove_prefix(1);
  if (relative.empty()) return std::string(base);
  return fmt::format("{}{}{}", base, base.ends_with('/') ? "" : "/", relative);
}

}  // namespace earthcatalog::storage
