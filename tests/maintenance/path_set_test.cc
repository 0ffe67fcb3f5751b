#include "earthcatalog/maintenance/expire/path_set.h"

#include <gtest/gtest.h>

#include <string>

namespace earthcatalog::maintenance {
namespace {

TEST(PathSet, HoldsWhatWasAdded) {
  maintenance::PathSet set;
  for (int i = 0; i < 1000; ++i) set.add("s3://b/" + std::to_string(i % 500));
  set.seal();
  EXPECT_EQ(set.size(), 500U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(set.contains("s3://b/" + std::to_string(i)), i < 500);
}

TEST(PathSet, RemembersWhatWasAskedFor) {
  maintenance::PathSet set;
  for (const char* name : {"a", "b", "c"}) set.add(name);
  set.seal();
  EXPECT_TRUE(set.mark("b"));
  EXPECT_TRUE(set.mark("b"));
  EXPECT_FALSE(set.mark("d"));
  EXPECT_TRUE(set.marked("b"));
  EXPECT_FALSE(set.marked("a"));
  EXPECT_FALSE(set.marked("d"));
  EXPECT_EQ(set.unmarked(), 2U);
}

TEST(PathSet, AnEmptyOneHoldsNothing) {
  maintenance::PathSet set;
  set.seal();
  EXPECT_FALSE(set.mark("a"));
  EXPECT_EQ(set.unmarked(), 0U);
}

TEST(PathSet, MillionsOfRepeatedNamesAreKeptOnce) {
  maintenance::PathSet set;
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 300'000; ++i) set.add(std::to_string(i));
  }
  set.seal();
  EXPECT_EQ(set.size(), 300'000U);
}

}  // namespace
}  // namespace earthcatalog::maintenance
