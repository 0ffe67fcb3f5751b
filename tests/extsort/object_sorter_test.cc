// Sorting objects by name against std::sort.
#include "earthcatalog/extsort/object_sorter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "earthcatalog/extsort/sorted_merge.h"

namespace earthcatalog::extsort {
namespace {

using Plain = std::tuple<std::string, std::string, std::string, std::optional<TimeMicros>, std::optional<std::int64_t>>;

std::vector<Plain> sorted(extsort::ObjectSorter& sorter) {
  std::vector<extsort::RunCursor> cursors;
  EXPECT_TRUE(sorter.finish(0, cursors));
  std::vector<Plain> all;
  EXPECT_TRUE(
      extsort::merge_sorted(cursors, extsort::RunCursor::before, [&](const extsort::RunCursor& cursor) -> Status {
        const auto& o = cursor.object;
        all.emplace_back(o.bucket(), o.key(), o.etag, o.last_modified, o.size_bytes);
        return {};
      }));
  return all;
}

// Names with much in common and much that differs; zero bytes, which end strings elsewhere; keys that begin others.
RC_GTEST_PROP(ObjectSorter, SortsByBucketThenKey, ()) {
  const std::string prefix(*rc::gen::inRange<std::size_t>(0, 40), 'p');
  const int letters = *rc::gen::inRange(1, 5);
  const bool in_order = *rc::gen::inRange(0, 4) == 0;
  std::vector<Plain> objects;
  for (int i = 0, count = *rc::gen::inRange(0, 800); i < count; ++i) {
    storage::ObjectRef object{.bucket = *rc::gen::element<std::string>("a", "ab", "b"), .key = prefix};
    for (int n = *rc::gen::inRange(0, 30); n > 0; --n) object.key += "\0\1zZ~"[*rc::gen::inRange(0, letters)];
    objects.emplace_back(object.bucket, object.key, fmt::format("{}", i % 3), i % 2 ? std::optional(-i) : std::nullopt,
                         i % 5 ? std::optional(i) : std::nullopt);
  }
  auto expected = objects;
  std::ranges::sort(expected);
  if (in_order) objects = expected;
  extsort::ObjectSorter sorter(
      {.scratch_folder = "/tmp", .memory_bytes = *rc::gen::element<std::int64_t>(0, 3000, 1 << 20)});
  for (const auto& [bucket, key, etag, last_modified, size_bytes] : objects) {
    RC_ASSERT(
        sorter
            .add({.bucket = bucket, .key = key, .size_bytes = size_bytes, .last_modified = last_modified, .etag = etag})
            .has_value());
  }
  auto found = sorted(sorter);
  const auto name = [](const Plain& o) { return std::tie(std::get<0>(o), std::get<1>(o)); };
  RC_ASSERT(std::ranges::is_sorted(found, [&](const Plain& a, const Plain& b) { return name(a) < name(b); }));
  std::ranges::sort(found);  // rows of one object come in no order
  RC_ASSERT(found == expected);
}

TEST(ObjectSorter, KeepsRowsThatAreLargerThanItsMemory) {
  extsort::ObjectSorter sorter({.scratch_folder = "/tmp", .memory_bytes = 100});
  for (const char letter : {'c', 'a', 'b'}) {
    ASSERT_TRUE(sorter.add(
        {.bucket = "b", .key = std::string(1 << 20, letter), .size_bytes = {}, .last_modified = {}, .etag = {}}));
  }
  const auto all = sorted(sorter);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(std::get<1>(all[0]), std::string(1 << 20, 'a'));
  EXPECT_EQ(std::get<1>(all[2]), std::string(1 << 20, 'c'));
}

TEST(ObjectSorter, RefusesABucketThatCannotBeOne) {
  extsort::ObjectSorter sorter({});
  EXPECT_FALSE(
      sorter.add({.bucket = std::string("a\0b", 3), .key = "k", .size_bytes = {}, .last_modified = {}, .etag = {}}));
}

}  // namespace
}  // namespace earthcatalog::extsort
