// The phases as a cluster's head and its workers call them, one by one.
#pragma once

#include "backfill/backfill_support.h"
#include "earthcatalog/backfill/phase.h"

namespace earthcatalog::backfill {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class PhasesTest : public testing::TestWithParam<Shape> {
 protected:
  IngestChunkSpec chunk(std::int64_t number) {
    IngestChunkSpec spec{.staging = world_->staging().root(), .parts = world_->staging().parts(), .chunk = number};
    spec.source_root = World::settings("first").source_root;
    spec.fetch_concurrency = 1;
    return spec;
  }
  RunRecord cut() {
    const auto run =
        write_chunks(world_->stores, {.staging = world_->staging().root(), .settings = World::settings("first")}, {});
    EXPECT_TRUE(run) << run.error().message;
    return run.value_or(RunRecord{});
  }
  void ingest_all() {
    const auto run = cut();
    for (std::int64_t n = 0; n < run.chunks; ++n) {
      const auto record = ingest_chunk(world_->stores, chunk(n), {});
      ASSERT_TRUE(record) << record.error().message;
    }
  }
  PlanReport plan(const CoordinatorSpec& head) {
    const auto made = plan_compaction(world_->stores, head, {});
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(PlanReport{});
  }
  CoordinatorSpec head() {
    auto head = world_->head();
    head.task_bytes = 20'000;
    return head;
  }
  static Error error_of(const auto& result) {
    EXPECT_FALSE(result);
    return result ? Error{ErrorKind::kIOError, "no error"} : result.error();
  }

  std::unique_ptr<World> world_ = std::make_unique<World>(GetParam());
};

}  // namespace earthcatalog::backfill
