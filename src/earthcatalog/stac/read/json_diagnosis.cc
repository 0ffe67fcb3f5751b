#include "earthcatalog/stac/read/json_diagnosis.h"

#include <fmt/format.h>

namespace earthcatalog::stac {
namespace {

Rejection rejection(std::string_view kind, std::string reason, std::size_t offset) {
  return {.kind = std::string(kind), .reason = std::move(reason), .offset = static_cast<std::int64_t>(offset)};
}

// The length of the UTF-8 sequence at the front of `text`, 0 when it is none (RFC 3629: no surrogates, nothing longer
// than needed, nothing beyond U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

std::optional<Rejection> find_bad_utf8(std::string_view json) {
  for (std::size_t i = 0; i < json.size();) {
    const std::size_t length = utf8_length(json.substr(i));
    if (length == 0) {
      return rejection("invalid_utf8", fmt::format("byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(json[i])),
                       i);
    }
    i += length;
  }
  return std::nullopt;
}

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

std::optional<Rejection> diagnose(std::string_view json) {
  if (auto fault = find_bad_utf8(json)) return fault;
  std::size_t depth = 0, string_start = 0;
  bool in_string = false, closed = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (static_cast<unsigned char>(c) < 0x20) {
        return rejection("not_json", "a control character inside a string; JSON wants it escaped", i);
      }
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    if (closed && !is_space(c)) return rejection("not_json", "text after the end of the JSON object", i);
    if (c == '"') {
      in_string = true;
      string_start = i;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && depth > 0) {
      closed = --depth == 0;
    }
  }
  if (in_string) return rejection("not_json", "a string that does not end: the object is truncated", string_start);
  if (depth > 0) return rejection("not_json", "the bytes end before the JSON object does: truncated", json.size());
  return std::nullopt;
}

}  // namespace earthcatalog::stac
