// Which tasks of phase 3 are the same work.
#include <gtest/gtest.h>

#include "earthcatalog/backfill/tasks/compact_task.h"

namespace earthcatalog::backfill {
namespace {

CompactTaskSpec some_spec() {
  CompactTaskSpec spec{.staging = "file:///s", .warehouse = "file:///w", .run_id = "a", .task = 1};
  spec.groups = {{.partition = {"81f0bffffffffff", 2019},
                  .files = {{.attempt = {3, 0}, .number = {}, .rows = 2, .bytes = 50, .items = 2}},
                  .dropped = {},
                  .removals = {}}};
  return spec;
}

TEST(TaskKey, IsThatOfTheWorkAlone) {
  auto spec = some_spec();
  const auto key = task_key(spec);
  spec.run_id = "b";
  spec.task = 9;
  spec.first_part = 10'000;
  spec.memory_limit_bytes = 1;
  spec.workers = 8;
  EXPECT_EQ(task_key(spec), key);
}

TEST(TaskKey, ChangesWithAllThatTheFilesDependOn) {
  const auto key = task_key(some_spec());
  const std::vector<void (*)(CompactTaskSpec&)> changes{
      [](auto& spec) { spec.warehouse = "file:///x"; },
      [](auto& spec) { spec.started = 6; },
      [](auto& spec) { spec.compact_rows = 5; },
      [](auto& spec) { spec.present = "file:///s/list"; },
      [](auto& spec) { spec.schema = "0123456789abcdef"; },
      [](auto& spec) { spec.groups[0].partition.year = 2020; },
      [](auto& spec) { spec.groups[0].files[0].bytes = 51; },
      [](auto& spec) { spec.groups[0].files[0].attempt.number = 1; },
      [](auto& spec) { spec.groups[0].files[0].attempt.writer = "5f0c9b1e"; },
      [](auto& spec) {
        spec.groups[0].dropped.push_back({.spill = {.attempt = {3, 0}}, .object = {1, 2}, .identity = {}});
      },
      [](auto& spec) { spec.groups[0].removals.push_back({3, 4}); },
  };
  std::set<std::string> keys{key};
  for (const auto change : changes) {
    auto spec = some_spec();
    change(spec);
    EXPECT_TRUE(keys.insert(task_key(spec)).second);
  }
}

}  // namespace
}  // namespace earthcatalog::backfill
