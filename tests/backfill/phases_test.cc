// The phases as a cluster runs them, one by one: what each refuses, and what may be done twice.
#include "backfill/backfill_support.h"
#include "earthcatalog/backfill/phase.h"

namespace earthcatalog::backfill {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Phases : public testing::TestWithParam<Shape> {
 protected:
  IngestChunkSpec chunk(std::int64_t number) {
    IngestChunkSpec spec{.staging = world_.staging().root(), .parts = world_.staging().parts(), .chunk = number};
    spec.source_root = World::settings("first").source_root;
    spec.fetch_concurrency = 1;
    return spec;
  }
  RunRecord cut() {
    const auto run =
        write_chunks(world_.stores, {.staging = world_.staging().root(), .settings = World::settings("first")});
    EXPECT_TRUE(run) << run.error().message;
    return run.value_or(RunRecord{});
  }
  void ingest_all() {
    const auto run = cut();
    for (std::int64_t n = 0; n < run.chunks; ++n) {
      const auto record = ingest_chunk(world_.stores, chunk(n), {});
      ASSERT_TRUE(record) << record.error().message;
    }
  }
  PlanReport plan(const CoordinatorSpec& head) {
    const auto made = plan_compaction(world_.stores, head);
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(PlanReport{});
  }
  CoordinatorSpec head() {
    auto head = world_.head();
    head.task_bytes = 20'000;
    return head;
  }
  static Error error_of(const auto& result) {
    EXPECT_FALSE(result);
    return result ? Error{ErrorKind::kIOError, "no error"} : result.error();
  }

  World world_{GetParam()};
};

TEST_P(Phases, ChunksHoldTheInventoryOnce) {
  const auto run = cut();
  EXPECT_EQ(run.chunks, 2);
  EXPECT_EQ(run.items, 8);
  EXPECT_TRUE(run.complete);
  EXPECT_EQ(to_json_text(cut()), to_json_text(run));  // nothing is done twice
}

TEST_P(Phases, ALargerLimitGoesOnInNewChunks) {
  auto settings = World::settings("first");
  settings.limit = 5;
  const auto root = world_.staging().root();
  const auto before = write_chunks(world_.stores, {.staging = root, .settings = settings});
  ASSERT_TRUE(before);
  EXPECT_EQ(before->chunks, 1);
  settings.limit.reset();
  const auto after = write_chunks(world_.stores, {.staging = root, .settings = settings});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->chunks, 2);
  EXPECT_EQ(after->items, 8);
}

TEST_P(Phases, AChunkIsIngestedOnceAndItsCountsAddUp) {
  cut();
  const auto record = ingest_chunk(world_.stores, chunk(0), {});
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->source_items, 5);
  EXPECT_EQ(record->staged_items, 5);
  std::int64_t rows = 0;
  for (const auto& file : record->files) {
    rows += file.rows;
    const auto uri = world_.staging().rows(file.partition, {.chunk = 0, .number = 0}, file.number);
    const auto bytes = world_.staging().read(uri);
    ASSERT_TRUE(bytes && *bytes) << uri;
    EXPECT_EQ(std::ssize(**bytes), file.bytes);
  }
  EXPECT_EQ(rows, record->rows);
  const auto fetched = world_.sources->calls(storage::Call::kGetRange);
  const auto again = ingest_chunk(world_.stores, chunk(0), {});
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json_text(*again), to_json_text(*record));
  EXPECT_EQ(world_.sources->calls(storage::Call::kGetRange), fetched);
}

TEST_P(Phases, AWorkerOfOtherSettingsIsRefused) {
  cut();
  auto spec = chunk(0);
  spec.resolution = 2;
  EXPECT_THAT(error_of(ingest_chunk(world_.stores, spec, {})).message, HasSubstr("resolution"));
  spec = chunk(0);
  spec.source_root = "memory://archive/second/";
  EXPECT_THAT(error_of(ingest_chunk(world_.stores, spec, {})).message, HasSubstr("source_root"));
}

TEST_P(Phases, NoPhaseBeginsBeforeTheOneBeforeItIsDone) {
  EXPECT_EQ(error_of(ingest_chunk(world_.stores, chunk(0), {})).kind, ErrorKind::kNotFound);
  EXPECT_THAT(error_of(plan_compaction(world_.stores, head())).message, HasSubstr("holds no finished chunks"));
  cut();
  ASSERT_TRUE(ingest_chunk(world_.stores, chunk(0), {}));
  EXPECT_THAT(error_of(plan_compaction(world_.stores, head())).message, HasSubstr("chunk 1 is not ingested yet"));
  ASSERT_TRUE(ingest_chunk(world_.stores, chunk(1), {}));
  const auto spec = head();
  const auto tasks = plan(spec).tasks;
  ASSERT_GT(tasks.size(), 1u);
  for (std::size_t task = 1; task < tasks.size(); ++task) ASSERT_TRUE(compact_group(world_.stores, tasks[task]));
  const auto early = error_of(register_and_cleanup(world_.stores, spec));
  EXPECT_EQ(early.kind, ErrorKind::kNotFound);
  EXPECT_THAT(early.message, HasSubstr("task 0 of"));
  EXPECT_THAT(world_.rows(), IsEmpty());
  ASSERT_TRUE(compact_group(world_.stores, tasks[0]));
  ASSERT_TRUE(register_and_cleanup(world_.stores, spec));
  EXPECT_EQ(world_.rows(), first_rows());
}

TEST_P(Phases, TasksOfAnySizeGiveTheSameRows) {
  for (const std::int64_t task_bytes : {1, 30'000, 10'000'000}) {
    for (const std::int64_t memory : {1 << 10, 1 << 20}) {
      World world(GetParam());
      auto head = world.head();
      head.task_bytes = task_bytes;
      head.task_memory_bytes = memory;
      head.compact_rows = 1 + memory % 3;
      const auto status = world.run_phases(head);
      ASSERT_TRUE(status) << status.error().message;
      EXPECT_EQ(world.rows(), first_rows()) << task_bytes << " " << memory;
    }
  }
}

TEST_P(Phases, ThePlanIsTheSameForEveryCoordinator) {
  ingest_all();
  const auto spec = head();
  const auto one = plan(spec), other = plan(spec);
  EXPECT_EQ(to_json_text(one), to_json_text(other));
  EXPECT_EQ(one.plan_id.size(), 32u);
  std::int64_t rows = 0;
  for (const auto& task : one.tasks) {
    for (const auto& group : task.groups) {
      for (const auto& file : group.files) rows += file.rows;
    }
  }
  EXPECT_EQ(rows, std::ssize(first_rows()));
}

TEST_P(Phases, ATaskIsDoneOnceAndItsReportIsItsMarker) {
  ingest_all();
  const auto tasks = plan(head()).tasks;
  const auto report = compact_group(world_.stores, tasks[0]);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->key, task_key(tasks[0]));
  const auto files = world_.keys("wh/grid_partition=");
  auto other = tasks[0];
  other.first_part = 500;
  const auto again = compact_group(world_.stores, other);
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json_text(*again), to_json_text(*report));
  EXPECT_EQ(world_.keys("wh/grid_partition="), files);
}

TEST_P(Phases, ATaskWhoseFilesAreGoneIsDoneAgain) {
  ingest_all();
  const auto spec = head();
  const auto tasks = plan(spec).tasks;
  for (const auto& task : tasks) ASSERT_TRUE(compact_group(world_.stores, task));
  world_.remove(*world_.keys("wh/grid_partition=").begin());
  const auto refused = error_of(register_and_cleanup(world_.stores, spec));
  EXPECT_THAT(refused.message, HasSubstr("plan and compact again"));
  for (const auto& task : plan(spec).tasks) ASSERT_TRUE(compact_group(world_.stores, task));
  const auto done = register_and_cleanup(world_.stores, spec);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(world_.rows(), first_rows());
}

TEST_P(Phases, ATaskReportThatIsCutShortIsDoneAgain) {
  ingest_all();
  const auto spec = head();
  const auto tasks = plan(spec).tasks;
  for (const auto& task : tasks) ASSERT_TRUE(compact_group(world_.stores, task));
  const auto root = world_.staging().root().substr(std::string("memory://table/").size());
  for (const auto& key : world_.keys(root + "/compacted/task_")) {
    world_.overwrite(key, world_.read(key).substr(0, 10));
  }
  EXPECT_FALSE(register_and_cleanup(world_.stores, spec));
  for (auto task : tasks) {
    task.first_part = 100;
    ASSERT_TRUE(compact_group(world_.stores, task));
  }
  ASSERT_TRUE(register_and_cleanup(world_.stores, spec));
  EXPECT_EQ(world_.rows(), first_rows());
}

TEST_P(Phases, StagedRowsThatAreNotWhatTheirChunkWroteAreNamed) {
  ingest_all();
  const auto tasks = plan(head()).tasks;
  const auto folder = GetParam() == Shape::kStaged ? "staging/staging/8" : "wh/_parts/";
  for (const auto& key : world_.keys(folder)) world_.overwrite(key, world_.read(key) + "x");
  for (const auto& task : tasks) {
    const auto error = error_of(compact_group(world_.stores, task));
    EXPECT_EQ(error.kind, ErrorKind::kInvalidData) << error.message;
    EXPECT_THAT(error.message, HasSubstr("memory://table/")) << error.message;
  }
  EXPECT_THAT(world_.keys("wh/grid_partition="), IsEmpty());
}

TEST_P(Phases, AMarkerThatCannotBeReadIsNamed) {
  ingest_all();
  const auto uri = world_.staging().done({.chunk = 1, .number = 0});
  ASSERT_TRUE(world_.staging().write(uri, "{\"chunk\":"));
  const auto error = error_of(plan_compaction(world_.stores, head()));
  EXPECT_EQ(error.kind, ErrorKind::kInvalidData);
  EXPECT_THAT(error.message, HasSubstr(uri));
}

TEST_P(Phases, RegisteringTwiceChangesNothing) {
  ingest_all();
  auto spec = head();
  spec.keep_staging = true;
  for (const auto& task : plan(spec).tasks) ASSERT_TRUE(compact_group(world_.stores, task));
  const auto first = register_and_cleanup(world_.stores, spec);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = register_and_cleanup(world_.stores, spec);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->snapshot_id, first->snapshot_id);
  EXPECT_EQ(plan(spec).committed_snapshot, first->snapshot_id);
  EXPECT_EQ(world_.rows(), first_rows());
}

TEST_P(Phases, ADeltaOfPhasesIsThatOfOneProcess) {
  ASSERT_TRUE(world_.run(world_.spec()));
  auto spec = head();
  spec.delta = true;
  const auto status = world_.run_phases(spec, "second");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(world_.rows(), upserted_rows());
}

TEST_P(Phases, CleanUpKeepsWhatIsNotCommittedUnlessItIsToldTo) {
  ingest_all();
  CleanupSpec spec{.staging = world_.staging().root(), .parts = world_.staging().parts()};
  const auto refused = error_of(cleanup_phase(world_.stores, spec));
  EXPECT_EQ(refused.kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(world_.staged(), Not(IsEmpty()));
  spec.restart = true;
  ASSERT_TRUE(cleanup_phase(world_.stores, spec));
  EXPECT_THAT(world_.staged(), IsEmpty());
}

TEST_P(Phases, APlanTakesAtMost200BytesADataFile) {
  ingest_all();
  for (const auto& task : plan(world_.head()).tasks) {
    EXPECT_LE(to_json_text(task.groups).size(), 200 * task.groups.size()) << to_json_text(task.groups);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Phases, testing::Values(Shape::kStaged, Shape::kDirect), name_of);

}  // namespace
}  // namespace earthcatalog::backfill
