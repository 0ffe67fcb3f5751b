#include "earthcatalog/index/version_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "earthcatalog/index/object_index.h"

namespace earthcatalog::index {
namespace {

TEST(VersionOrder, ObjectsGoByUpdatedThenLastModifiedThenName) {
  EXPECT_TRUE(newer(ObjectVersion{.updated = 2, .last_modified = 1, .name = "b/1"},
                    ObjectVersion{.updated = 1, .last_modified = 9, .name = "b/2"}));
  EXPECT_TRUE(newer(ObjectVersion{.updated = 1, .last_modified = 2, .name = "b/1"},
                    ObjectVersion{.updated = 1, .last_modified = 1, .name = "b/2"}));
  EXPECT_TRUE(newer(ObjectVersion{.updated = 1, .last_modified = 1, .name = "b/2"},
                    ObjectVersion{.updated = 1, .last_modified = 1, .name = "b/1"}));
}

TEST(VersionOrder, AbsentTimesOfObjectsAreTheOldest) {
  EXPECT_TRUE(newer(ObjectVersion{.updated = -9, .last_modified = {}, .name = "b/1"},
                    ObjectVersion{.updated = {}, .last_modified = 5, .name = "b/2"}));
  EXPECT_TRUE(newer(ObjectVersion{.updated = {}, .last_modified = -9, .name = "b/1"},
                    ObjectVersion{.updated = {}, .last_modified = {}, .name = "b/2"}));
}

TEST(VersionOrder, BucketsAreComparedBeforeKeys) {
  EXPECT_TRUE(newer(ObjectVersion{.updated = 1, .last_modified = 1, .name = "archive-2/a.json"},
                    ObjectVersion{.updated = 1, .last_modified = 1, .name = "archive/z.json"}));
  EXPECT_TRUE(newer(ObjectVersion{.updated = 1, .last_modified = 1, .name = "archive.old/a.json"},
                    ObjectVersion{.updated = 1, .last_modified = 1, .name = "archive/z.json"}));
}

TEST(VersionOrder, IndexEntriesAreComparedByIt) {
  ObjectEntry a, b;
  a.name = "archive-2/a.json";
  b.name = "archive/z.json";
  EXPECT_TRUE(newer(a, b));
  EXPECT_FALSE(newer(b, a));
}

TEST(VersionOrder, IsAStrictOrder) {
  std::vector<ObjectVersion> versions;
  using Time = std::optional<TimeMicros>;
  for (const Time updated : {Time(), Time(-1), Time(1)}) {
    for (const Time modified : {Time(), Time(-1), Time(1)}) {
      for (const char* name : {"", "a/", "a/b", "a-b/b", "a/b/c", "b/a"}) versions.push_back({updated, modified, name});
    }
  }
  for (std::size_t i = 0; i < versions.size(); ++i) {
    for (std::size_t k = 0; k < versions.size(); ++k) {
      EXPECT_EQ(newer(versions[i], versions[k]), i != k && !newer(versions[k], versions[i])) << i << " " << k;
    }
  }
  const auto by_age = [](const ObjectVersion& a, const ObjectVersion& b) { return newer(b, a); };
  std::ranges::sort(versions, by_age);
  for (std::size_t i = 0; i < versions.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) EXPECT_TRUE(newer(versions[i], versions[k])) << i << " " << k;
  }
}

TEST(VersionOrder, FirstOfEquallyNewRowsCounts) {
  EXPECT_TRUE(newer(RowVersion{.updated = 2, .row = 7}, RowVersion{.updated = 1, .row = 0}));
  EXPECT_TRUE(newer(RowVersion{.updated = 1, .row = 0}, RowVersion{.updated = 1, .row = 7}));
  EXPECT_TRUE(newer(RowVersion{.updated = 0, .row = 7}, RowVersion{.updated = kNeverUpdated, .row = 0}));
  EXPECT_FALSE(newer(RowVersion{.updated = 1, .row = 7}, RowVersion{.updated = 1, .row = 7}));
}

TEST(VersionOrder, EquallyNewRowsGoByTheFilesModification) {
  EXPECT_TRUE(newer(FileVersion{.modified = 2, .uri = "a"}, FileVersion{.modified = 1, .uri = "b"}));
  EXPECT_TRUE(newer(FileVersion{.modified = 1, .uri = "b"}, FileVersion{.modified = 1, .uri = "a"}));
  EXPECT_FALSE(newer(FileVersion{.modified = 1, .uri = "a"}, FileVersion{.modified = 1, .uri = "a"}));
}

}  // namespace
}  // namespace earthcatalog::index
