#include "earthcatalog/base/hash.h"

#include <gtest/gtest.h>

namespace earthcatalog {
namespace {

// Expected values: Python's xxhash.xxh3_128(b"...", seed=...).hexdigest().
TEST(Hash, IsTheCanonicalFormOfXxh3) {
  EXPECT_EQ(to_hex(hash128("")), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(to_hex(id_hash("abc")), "4bc24859f045e0b4d8438def21bbdcc3");
}

TEST(Hash, HexDigitsAreReadBack) {
  const Hash128 hash = hash128("abc");
  EXPECT_EQ(from_hex(to_hex(hash)), hash);
  EXPECT_EQ(from_hex(""), std::nullopt);
  EXPECT_EQ(from_hex(to_hex(hash) + "0"), std::nullopt);
  EXPECT_EQ(from_hex("99AA06D3014798d86001c324468d497f"), std::nullopt);
  EXPECT_EQ(from_hex("-1aa06d3014798d86001c324468d497f"), std::nullopt);
  EXPECT_EQ(from_hex("9 aa06d3014798d86001c324468d497f"), std::nullopt);
}

TEST(Hash, JoinedHashesAreTheHashOfTheJoinedString) {
  EXPECT_EQ(object_hash("bucket", "a/b.stac.json"), hash128("bucket/a/b.stac.json"));
  EXPECT_EQ(identity_hash("c", "id"), hash128(std::string_view("c\0id", 4)));
  EXPECT_NE(identity_hash("ab", "c"), identity_hash("a", "bc"));
}

}  // namespace
}  // namespace earthcatalog
