#include "earthcatalog/iceberg/metadata/values.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace earthcatalog::iceberg {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in memory");

template <class T>
std::string to_bytes(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

template <class T>
std::optional<T> from_bytes(std::string_view bytes) {
  T value;
  if (bytes.size() != sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

constexpr std::size_t kLongestSequence = 4;  // bytes of a code point in UTF-8

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Bytes of the first `characters` code points.
std::size_t prefix_bytes(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  for (; characters > 0 && at < text.size(); --characters) {
    const std::size_t most = std::min(text.size(), at + kLongestSequence);
    ++at;
    while (at < most && continues(text[at])) ++at;
  }
  return at;
}

// The code point that `encoded`, one UTF-8 sequence, stands for.
char32_t decode(std::string_view encoded) {
  const auto first = static_cast<unsigned char>(encoded.front());
  char32_t point = encoded.size() == 1 ? first : first & (0x7F >> encoded.size());
  for (const char byte : encoded.substr(1)) point = point << 6 | (static_cast<unsigned char>(byte) & 0x3F);
  return point;
}

void encode(char32_t point, std::string& out) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xC0 | point >> 6);
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
  }
  put(0x80 | (point & 0x3F));
}

constexpr char32_t kLastPoint = 0x10FFFF, kFirstSurrogate = 0xD800, kAfterSurrogates = 0xE000;

}  // namespace

std::string serialize_value(bool value) { return std::string(1, value ? '\1' : '\0'); }
std::string serialize_value(std::int32_t value) { return to_bytes(value); }
std::string serialize_value(std::int64_t value) { return to_bytes(value); }
std::string serialize_value(float value) { return to_bytes(value); }
std::string serialize_value(double value) { return to_bytes(value); }
std::string serialize_value(std::string_view value) { return std::string(value); }

std::optional<std::int32_t> deserialize_int(std::string_view bytes) { return from_bytes<std::int32_t>(bytes); }
std::optional<std::int64_t> deserialize_long(std::string_view bytes) { return from_bytes<std::int64_t>(bytes); }
std::optional<double> deserialize_double(std::string_view bytes) { return from_bytes<double>(bytes); }

std::string truncate_lower_bound(std::string_view value, std::size_t characters) {
  return std::string(value.substr(0, prefix_bytes(value, characters)));
}

std::optional<std::string> truncate_upper_bound(std::string_view value, std::size_t characters) {
  std::string bound(value.substr(0, prefix_bytes(value, characters)));
  if (bound.size() == value.size()) return bound;
  while (!bound.empty()) {
    std::size_t last = bound.size() - 1;
    while (last > 0 && bound.size() - last < kLongestSequence && continues(bound[last])) --last;
    char32_t point = decode(std::string_view(bound).substr(last)) + 1;
    bound.resize(last);
    if (point == kFirstSurrogate) point = kAfterSurrogates;
    if (point <= kLastPoint) {
      encode(point, bound);
      return bound;
    }
  }
  return std::nullopt;
}

}  // namespace earthcatalog::iceberg
