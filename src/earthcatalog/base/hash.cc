#include "earthcatalog/base/hash.h"
#define XXH_STATIC_LINKING_ONLY  // the streaming state on the stack
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <charconv>

namespace earthcatalog {
namespace {

constexpr std::uint64_t kIdSeed = 42;

Hash128 canonical(XXH128_hash_t hash) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  Hash128 result;
  std::memcpy(result.bytes.data(), bytes.digest, sizeof bytes.digest);
  return result;
}

// The hash of `first`, `separator`, `second` as one string, without building it.
Hash128 hash_joined(std::string_view first, char separator, std::string_view second) {
  XXH3_state_t state;
  XXH3_INITSTATE(&state);
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, first.data(), first.size());
  XXH3_128bits_update(&state, &separator, 1);
  XXH3_128bits_update(&state, second.data(), second.size());
  return canonical(XXH3_128bits_digest(&state));
}

}  // namespace

Hash128 hash128(std::string_view data, std::uint64_t seed) {
  return canonical(XXH3_128bits_withSeed(data.data(), data.size(), seed));
}

Hash128 object_hash(std::string_view bucket, std::string_view key) { return hash_joined(bucket, '/', key); }

Hash128 id_hash(std::string_view id) { return hash128(id, kIdSeed); }

Hash128 identity_hash(std::string_view collection, std::string_view id) { return hash_joined(collection, '\0', id); }

std::string to_hex(const Hash128& hash) { return fmt::format("{:02x}", fmt::join(hash.bytes, "")); }

std::optional<Hash128> from_hex(std::string_view digits) {
  Hash128 hash;
  if (digits.size() != 2 * hash.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.bytes.size(); ++i) {
    const char* const begin = digits.data() + 2 * i;
    if (std::from_chars(begin, begin + 2, hash.bytes[i], 16).ptr != begin + 2) return std::nullopt;
  }
  return to_hex(hash) == digits ? std::optional(hash) : std::nullopt;
}

}  // namespace earthcatalog
