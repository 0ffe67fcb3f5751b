#include "earthcatalog/stac/json_string.h"

#include <cstdint>

namespace earthcatalog::stac {
namespace {

bool is_high(std::uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(std::uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

// The four hexadecimal digits at the front of `text`.
std::optional<std::uint32_t> read_unit(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  std::uint32_t unit = 0;
  for (const char c : text.substr(0, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      unit = unit * 16 + static_cast<std::uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return unit;
}

char simple_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '"':
    case '\\':
    case '/':
      return c;
    default:
      return '\0';
  }
}

void append_utf8(std::uint32_t point, GrowBuffer& out) {
  const auto byte = [&](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xc0 | (point >> 6));
    byte(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    byte(0xe0 | (point >> 12));
    byte(0x80 | ((point >> 6) & 0x3f));
    byte(0x80 | (point & 0x3f));
  } else {
    byte(0xf0 | (point >> 18));
    byte(0x80 | ((point >> 12) & 0x3f));
    byte(0x80 | ((point >> 6) & 0x3f));
    byte(0x80 | (point & 0x3f));
  }
}

template <class Out>
void quote(std::string_view text, Out& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(done, i - done));
    done = i + 1;
    out.push_back('\\');
    if (c >= 0x20) {
      out.push_back(text[i]);
    } else {
      out.append(std::string_view("u00"));
      out.push_back(kHex[c >> 4]);
      out.push_back(kHex[c & 15]);
    }
  }
  out.append(text.substr(done));
  out.push_back('"');
}

}  // namespace

std::optional<EscapeFault> find_bad_escape(std::string_view raw) {
  for (std::size_t i = raw.find('\\'); i != std::string_view::npos; i = raw.find('\\', i)) {
    const EscapeFault fault{.where = raw.data() + i};
    if (i + 1 >= raw.size()) return fault;
    if (raw[i + 1] != 'u') {
      if (simple_escape(raw[i + 1]) == '\0') return fault;
      i += 2;
      continue;
    }
    const auto unit = read_unit(raw.substr(i + 2));
    if (!unit) return fault;
    i += 6;
    if (is_low(*unit)) return EscapeFault{.where = fault.where, .lone_surrogate = true};
    if (!is_high(*unit)) continue;
    const auto other = raw.substr(i).starts_with("\\u") ? read_unit(raw.substr(i + 2)) : std::nullopt;
    if (!other || !is_low(*other)) return EscapeFault{.where = fault.where, .lone_surrogate = true};
    i += 6;
  }
  return std::nullopt;
}

void append_decoded(std::string_view raw, GrowBuffer& out) {
  std::size_t done = 0;
  for (std::size_t i = raw.find('\\'); i != std::string_view::npos; i = raw.find('\\', done)) {
    out.append(raw.substr(done, i - done));
    done = i + 2;
    if (raw[i + 1] != 'u') {
      out.push_back(simple_escape(raw[i + 1]));
      continue;
    }
    std::uint32_t point = *read_unit(raw.substr(done));
    done += 4;
    if (is_high(point)) {
      point = 0x10000 + ((point - 0xd800) << 10) + (*read_unit(raw.substr(done + 2)) - 0xdc00);
      done += 6;
    }
    append_utf8(point, out);
  }
  out.append(raw.substr(done));
}

std::string decoded(std::string_view raw) {
  if (!has_escape(raw)) return std::string(raw);
  GrowBuffer bytes;
  append_decoded(raw, bytes);
  return std::string(bytes.view());
}

void append_quoted(std::string_view text, std::string& out) { quote(text, out); }
void append_quoted(std::string_view text, GrowBuffer& out) { quote(text, out); }

}  // namespace earthcatalog::stac
