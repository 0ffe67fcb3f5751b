#include "earthcatalog/base/hash.h"

#include <gtest/gtest.h>

namespace earthcatalog {
namespace {

std::string hex(const Hash128& hash) {
  std::string text;
  for (const auto byte : hash.bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// Expected values: Python's xxhash.xxh3_128(b"...", seed=...).hexdigest().
TEST(Hash, IsTheCanonicalFormOfXxh3) {
  EXPECT_EQ(hex(hash128("")), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hex(id_hash("abc")), "4bc24859f045e0b4d8438def21bbdcc3");
}

TEST(Hash, JoinedHashesAreTheHashOfTheJoinedString) {
  EXPECT_EQ(object_hash("bucket", "a/b.stac.json"), hash128("bucket/a/b.stac.json"));
  EXPECT_EQ(identity_hash("c", "id"), hash128(std::string_view("c\0id", 4)));
  EXPECT_NE(identity_hash("ab", "c"), identity_hash("a", "bc"));
}

}  // namespace
}  // namespace earthcatalog
