// XXH3 128-bit hashes (https://github.com/Cyan4973/xxHash) in canonical form: 16 bytes, big-endian, so that bytewise
// order of the bytes is the order of the numbers, and so that files of hashes mean the same on every machine.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace earthcatalog {

struct Hash128 {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Hash128&) const = default;
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

/// xxh3_128 of `data` with `seed`.
Hash128 hash128(std::string_view data, std::uint64_t seed = 0);

/// The hash of an object's name: xxh3_128("bucket/key"), seed 0. The key of the object index.
Hash128 object_hash(std::string_view bucket, std::string_view key);

/// The hash of an item's id alone: xxh3_128(id), seed 42. What the hash index `_id_hashes.parquet` holds.
Hash128 id_hash(std::string_view id);

/// The hash of an item's identity: xxh3_128 of collection, a zero byte, and id; an item without collection has the
/// empty one. STAC ids are unique only within a collection.
Hash128 identity_hash(std::string_view collection, std::string_view id);

/// 32 lower-case hex digits.
std::string to_hex(const Hash128& hash);
/// The hash of to_hex(); nothing for any other text.
std::optional<Hash128> from_hex(std::string_view digits);

}  // namespace earthcatalog

template <>
struct std::hash<earthcatalog::Hash128> {
  std::size_t operator()(const earthcatalog::Hash128& value) const noexcept {
    std::size_t prefix;
    std::memcpy(&prefix, value.bytes.data(), sizeof prefix);
    return prefix;
  }
};
