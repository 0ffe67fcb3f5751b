// The phases as a cluster runs them, one by one: what each refuses, and what may be done twice.
#include <atomic>

#include "backfill/phases_support.h"
#include "earthcatalog/base/stopwatch.h"

namespace earthcatalog::backfill {
namespace {

using Phases = PhasesTest;

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
  const auto root = world_->staging().root();
  const auto before = write_chunks(world_->stores, {.staging = root, .settings = settings}, {});
  ASSERT_TRUE(before);
  EXPECT_EQ(before->chunks, 1);
  settings.limit.reset();
  const auto after = write_chunks(world_->stores, {.staging = root, .settings = settings}, {});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->chunks, 2);
  EXPECT_EQ(after->items, 8);
}

TEST_P(Phases, AChunkIsIngestedOnceAndItsCountsAddUp) {
  cut();
  const auto record = ingest_chunk(world_->stores, chunk(0), {});
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->source_items, 5);
  EXPECT_EQ(record->staged_items, 5);
  std::int64_t rows = 0;
  for (const auto& file : record->files) {
    rows += file.rows;
    const auto uri = world_->staging().rows(file.partition, {.chunk = 0, .number = 0}, file.number);
    const auto bytes = world_->staging().read(uri);
    ASSERT_TRUE(bytes && *bytes) << uri;
    EXPECT_EQ(std::ssize(**bytes), file.bytes);
  }
  EXPECT_EQ(rows, record->rows);
  const auto fetched = world_->sources->calls(storage::Call::kGetRange);
  const auto again = ingest_chunk(world_->stores, chunk(0), {});
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json_text(*again), to_json_text(*record));
  EXPECT_EQ(world_->sources->calls(storage::Call::kGetRange), fetched);
}

TEST_P(Phases, AWorkerOfOtherSettingsIsRefused) {
  cut();
  auto spec = chunk(0);
  spec.resolution = 2;
  EXPECT_THAT(error_of(ingest_chunk(world_->stores, spec, {})).message, HasSubstr("resolution"));
  spec = chunk(0);
  spec.source_root = "memory://archive/second/";
  EXPECT_THAT(error_of(ingest_chunk(world_->stores, spec, {})).message, HasSubstr("source_root"));
}

TEST_P(Phases, NoPhaseBeginsBeforeTheOneBeforeItIsDone) {
  EXPECT_EQ(error_of(ingest_chunk(world_->stores, chunk(0), {})).kind, ErrorKind::kNotFound);
  EXPECT_THAT(error_of(plan_compaction(world_->stores, head(), {})).message, HasSubstr("holds no finished chunks"));
  cut();
  ASSERT_TRUE(ingest_chunk(world_->stores, chunk(0), {}));
  EXPECT_THAT(error_of(plan_compaction(world_->stores, head(), {})).message, HasSubstr("chunk 1 is not ingested yet"));
  ASSERT_TRUE(ingest_chunk(world_->stores, chunk(1), {}));
  const auto spec = head();
  const auto tasks = plan(spec).tasks;
  ASSERT_GT(tasks.size(), 1u);
  for (std::size_t task = 1; task < tasks.size(); ++task) ASSERT_TRUE(compact_group(world_->stores, tasks[task], {}));
  const auto early = error_of(register_and_cleanup(world_->stores, spec, {}));
  EXPECT_EQ(early.kind, ErrorKind::kNotFound);
  EXPECT_THAT(early.message, HasSubstr("task 0 of"));
  EXPECT_THAT(world_->rows(), IsEmpty());
  ASSERT_TRUE(compact_group(world_->stores, tasks[0], {}));
  ASSERT_TRUE(register_and_cleanup(world_->stores, spec, {}));
  EXPECT_EQ(world_->rows(), first_rows());
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
  const auto report = compact_group(world_->stores, tasks[0], {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->key, task_key(tasks[0]));
  const auto files = world_->keys("wh/grid_partition=");
  auto other = tasks[0];
  other.first_part = 500;
  const auto again = compact_group(world_->stores, other, {});
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json_text(*again), to_json_text(*report));
  EXPECT_EQ(world_->keys("wh/grid_partition="), files);
}

TEST_P(Phases, ATaskWhoseFilesAreGoneIsDoneAgain) {
  ingest_all();
  const auto spec = head();
  const auto tasks = plan(spec).tasks;
  for (const auto& task : tasks) ASSERT_TRUE(compact_group(world_->stores, task, {}));
  world_->remove(*world_->keys("wh/grid_partition=").begin());
  const auto refused = error_of(register_and_cleanup(world_->stores, spec, {}));
  EXPECT_THAT(refused.message, HasSubstr("plan and compact again"));
  for (const auto& task : plan(spec).tasks) ASSERT_TRUE(compact_group(world_->stores, task, {}));
  const auto done = register_and_cleanup(world_->stores, spec, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(world_->rows(), first_rows());
}

TEST_P(Phases, ATaskReportThatIsCutShortIsDoneAgain) {
  ingest_all();
  const auto spec = head();
  const auto tasks = plan(spec).tasks;
  for (const auto& task : tasks) ASSERT_TRUE(compact_group(world_->stores, task, {}));
  const auto root = world_->staging().root().substr(std::string("memory://table/").size());
  for (const auto& key : world_->keys(root + "/compacted/task_")) {
    world_->overwrite(key, world_->read(key).substr(0, 10));
  }
  EXPECT_FALSE(register_and_cleanup(world_->stores, spec, {}));
  for (auto task : tasks) {
    task.first_part = 100;
    ASSERT_TRUE(compact_group(world_->stores, task, {}));
  }
  ASSERT_TRUE(register_and_cleanup(world_->stores, spec, {}));
  EXPECT_EQ(world_->rows(), first_rows());
}

TEST_P(Phases, StagedRowsThatAreNotWhatTheirChunkWroteAreNamed) {
  ingest_all();
  const auto tasks = plan(head()).tasks;
  const auto folder = GetParam() == Shape::kStaged ? "staging/staging/8" : "wh/_parts/";
  for (const auto& key : world_->keys(folder)) world_->overwrite(key, world_->read(key) + "x");
  for (const auto& task : tasks) {
    const auto error = error_of(compact_group(world_->stores, task, {}));
    EXPECT_EQ(error.kind, ErrorKind::kInvalidData) << error.message;
    EXPECT_THAT(error.message, HasSubstr("memory://table/")) << error.message;
  }
  EXPECT_THAT(world_->keys("wh/grid_partition="), IsEmpty());
}

TEST_P(Phases, AMarkerThatCannotBeReadIsNamed) {
  ingest_all();
  const auto uri = world_->staging().done({.chunk = 1, .number = 0});
  ASSERT_TRUE(world_->staging().write(uri, "{\"chunk\":"));
  const auto error = error_of(plan_compaction(world_->stores, head(), {}));
  EXPECT_EQ(error.kind, ErrorKind::kInvalidData);
  EXPECT_THAT(error.message, HasSubstr(uri));
}

TEST_P(Phases, RegisteringTwiceChangesNothing) {
  ingest_all();
  auto spec = head();
  spec.keep_staging = true;
  for (const auto& task : plan(spec).tasks) ASSERT_TRUE(compact_group(world_->stores, task, {}));
  const auto first = register_and_cleanup(world_->stores, spec, {});
  ASSERT_TRUE(first) << first.error().message;
  const auto second = register_and_cleanup(world_->stores, spec, {});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->snapshot_id, first->snapshot_id);
  EXPECT_EQ(plan(spec).committed_snapshot, first->snapshot_id);
  EXPECT_EQ(world_->rows(), first_rows());
}

TEST_P(Phases, ADeltaOfPhasesIsThatOfOneProcess) {
  ASSERT_TRUE(world_->run(world_->spec()));
  auto spec = head();
  spec.delta = true;
  const auto status = world_->run_phases(spec, "second");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(world_->rows(), upserted_rows());
}

TEST_P(Phases, CleanUpKeepsWhatIsNotCommittedUnlessItIsToldTo) {
  ingest_all();
  CleanupSpec spec{.staging = world_->staging().root(), .parts = world_->staging().parts()};
  const auto refused = error_of(cleanup_phase(world_->stores, spec, {}));
  EXPECT_EQ(refused.kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(world_->staged(), Not(IsEmpty()));
  spec.restart = true;
  ASSERT_TRUE(cleanup_phase(world_->stores, spec, {}));
  EXPECT_THAT(world_->staged(), IsEmpty());
}

TEST_P(Phases, APlanNeedsNoCatalogWhenTheTableIsNew) {
  ingest_all();
  const auto spec = head();
  auto without = spec;
  without.catalog.clear();
  EXPECT_EQ(to_json_text(plan(without)), to_json_text(plan(spec)));
  for (const auto& task : plan(without).tasks) ASSERT_TRUE(compact_group(world_->stores, task, {}));
  EXPECT_THAT(error_of(register_and_cleanup(world_->stores, without, {})).message, HasSubstr("`catalog`"));
  ASSERT_TRUE(register_and_cleanup(world_->stores, spec, {}));
  EXPECT_EQ(world_->rows(), first_rows());
}

TEST_P(Phases, StoredTasksAreDoneByWhatRefersToThem) {
  ingest_all();
  auto spec = head();
  const auto whole = plan(spec).tasks;
  spec.store_tasks = true;
  const auto text = run_phase(world_->stores, "plan_compaction", to_json_text(spec), {});
  ASSERT_TRUE(text) << text.error().message;
  const auto tasks = nlohmann::json::parse(*text)["tasks"];
  ASSERT_EQ(tasks.size(), whole.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    EXPECT_EQ(tasks[i]["key"], task_key(whole[i]));
    EXPECT_FALSE(tasks[i].contains("groups"));
    const auto report = run_phase(world_->stores, "compact_group", tasks[i].dump(), {});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(nlohmann::json::parse(*report)["key"], tasks[i]["key"]);
  }
  ASSERT_TRUE(register_and_cleanup(world_->stores, spec, {}));
  EXPECT_EQ(world_->rows(), first_rows());
  const auto gone = error_of(run_phase(world_->stores, "compact_group", tasks[0].dump(), {}));
  EXPECT_EQ(gone.kind, ErrorKind::kNotFound);
  EXPECT_THAT(gone.message, HasSubstr("plan again"));
}

TEST_P(Phases, TheReportOfATaskNamesItsFilesAndItsInput) {
  ingest_all();
  std::set<std::string> named;
  for (const auto& task : plan(head()).tasks) {
    const auto report = compact_group(world_->stores, task, {});
    ASSERT_TRUE(report) << report.error().message;
    std::int64_t files = 0, rows = 0, written = 0;
    for (const auto& group : task.groups) {
      for (const auto& file : group.files) ++files, rows += file.rows;
    }
    EXPECT_EQ(report->input_files, files);
    EXPECT_EQ(report->input_rows, rows);
    EXPECT_EQ(report->rows + report->dropped_rows, rows);
    EXPECT_EQ(std::ssize(report->data_files), report->files);
    for (const auto& file : report->data_files) {
      EXPECT_EQ(std::ssize(world_->read("wh/" + file.path)), file.bytes);
      EXPECT_THAT(file.path, HasSubstr("grid_partition=" + file.partition.cell +
                                       "/year=" + write::year_name(file.partition.year) + "/"));
      written += file.rows;
      named.insert("wh/" + file.path);
    }
    EXPECT_EQ(written, report->rows);
  }
  EXPECT_EQ(named, world_->keys("wh/grid_partition="));
}

TEST_P(Phases, ACleanUpCountsWhatItRemoves) {
  auto spec = head();
  spec.keep_staging = true;
  ASSERT_TRUE(world_->run_phases(spec));
  const auto kept = std::ssize(world_->staged());
  const auto report = cleanup_phase(world_->stores, {.staging = spec.staging, .parts = spec.parts}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->removed,
            GetParam() == Shape::kStaged ? kept : kept - 1);  // the claim of the run is no object of it
  EXPECT_THAT(world_->staged(), IsEmpty());
}

TEST_P(Phases, AClaimThatACleanUpLeftStandsInNobodysWay) {
  world_->faults->add({.on = storage::Call::kRemove, .key_part = "_backfill.json", .times = storage::Fault::kForEver});
  const auto stopped = world_->run_phases(head());
  EXPECT_EQ(stopped.has_value(), GetParam() == Shape::kStaged);
  world_->faults->clear();
  EXPECT_EQ(world_->rows(), first_rows());
  const auto id = std::string(32, 'e');
  const auto next = catalog::run_folder(World::kWarehouse, id);
  const auto begun = write_chunks(world_->stores, {.staging = next, .settings = World::settings("second")}, {});
  ASSERT_TRUE(begun) << begun.error().message;
  EXPECT_EQ(catalog::read_unfinished_run(world_->stores, World::kWarehouse).value(), id);
  const auto third = catalog::run_folder(World::kWarehouse, std::string(32, 'f'));  // but what has begun does
  const auto refused =
      error_of(write_chunks(world_->stores, {.staging = third, .settings = World::settings("second")}, {}));
  EXPECT_EQ(refused.kind, ErrorKind::kConflict);
}

TEST_P(Phases, StopEndsEachOfThem) {
  const std::atomic<bool> stop = true;
  const Hooks stopping{.progress = {}, .stop = &stop};
  const auto root = world_->staging().root();
  const auto stopped = [&](const auto& result) { return error_of(result).kind == ErrorKind::kCancelled; };
  EXPECT_TRUE(stopped(write_chunks(world_->stores, {.staging = root, .settings = World::settings("first")}, stopping)));
  cut();
  EXPECT_TRUE(stopped(ingest_chunk(world_->stores, chunk(0), stopping)));
  ingest_all();
  const auto spec = head();
  EXPECT_TRUE(stopped(plan_compaction(world_->stores, spec, stopping)));
  const auto tasks = plan(spec).tasks;
  EXPECT_TRUE(stopped(compact_group(world_->stores, tasks[0], stopping)));
  EXPECT_THAT(world_->keys("wh/grid_partition="), IsEmpty());
  for (const auto& task : tasks) ASSERT_TRUE(compact_group(world_->stores, task, {}));
  EXPECT_TRUE(stopped(register_and_cleanup(world_->stores, spec, stopping)));
  EXPECT_TRUE(stopped(
      cleanup_phase(world_->stores, {.staging = spec.staging, .parts = spec.parts, .restart = true}, stopping)));
  EXPECT_THAT(world_->rows(), IsEmpty());
  ASSERT_TRUE(register_and_cleanup(world_->stores, spec, {}));
  EXPECT_EQ(world_->rows(), first_rows());
}

TEST_P(Phases, EachTellsOfItsProgress) {
  std::set<std::string> stages;
  const Hooks hooks{.progress = [&](const Progress& progress) { stages.insert(progress.stage); }};
  const auto expect_told = [&](const char* phase, const auto& result) {
    EXPECT_TRUE(result) << phase;
    EXPECT_THAT(stages, Not(IsEmpty())) << phase;
    stages.clear();
  };
  const auto root = world_->staging().root();
  expect_told("write_chunks",
              write_chunks(world_->stores, {.staging = root, .settings = World::settings("first")}, hooks));
  ingest_all();
  const auto spec = head();
  expect_told("plan_compaction", plan_compaction(world_->stores, spec, hooks));
  for (const auto& task : plan(spec).tasks) expect_told("compact_group", compact_group(world_->stores, task, hooks));
  expect_told("register_and_cleanup", register_and_cleanup(world_->stores, spec, hooks));
}

TEST_P(Phases, RegisteringRunsInsideALockThatTheHeadHolds) {
  auto options =
      catalog::writer_options(World::kCatalog, World::kWarehouse, std::string(32, 'a'), catalog::this_host());
  options.clock = system_now;  // as the phases' own
  const auto lock = catalog::take_lock(world_->stores, options);
  ASSERT_TRUE(lock) << lock.error().message;
  ingest_all();
  auto spec = head();
  spec.lock = true;
  for (const auto& task : plan(spec).tasks) ASSERT_TRUE(compact_group(world_->stores, task, {}));
  EXPECT_EQ(error_of(register_and_cleanup(world_->stores, spec, {})).kind, ErrorKind::kLocked);
  EXPECT_THAT(world_->rows(), IsEmpty());
  const auto done = run_phase(world_->stores, "register_and_cleanup", to_json_text(spec), {}, {.held_lock = *lock});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(world_->rows(), first_rows());
  EXPECT_TRUE(catalog::show_lock(world_->stores, {.catalog = World::kCatalog, .lock_uri = {}})->has_value());
  ASSERT_TRUE((*lock)->release());
}

TEST_P(Phases, AGivenPartitionerFindsTheCellsOfAChunk) {
  cut();
  const auto finer = grid::make_partitioner(world_->stores, {.type = "h3", .resolution = 3});
  ASSERT_TRUE(finer);
  const auto text = run_phase(world_->stores, "ingest_chunk", to_json_text(chunk(0)), {}, {.partitioner = *finer});
  ASSERT_TRUE(text) << text.error().message;
  const auto record = nlohmann::json::parse(*text);
  EXPECT_THAT(record["files"], Not(IsEmpty()));
  for (const auto& file : record["files"]) {
    const auto cell = file["cell"].get<std::string>();
    EXPECT_TRUE(cell == grid::kNoCellName || cell.starts_with("83")) << cell;
  }
}

TEST_P(Phases, ChunksAreWrittenSideBySide) {
  auto settings = World::settings("first");
  settings.chunk_size = 1;
  world_->faults->add({.on = storage::Call::kClose,
                       .key_part = "chunks/chunk_",
                       .times = storage::Fault::kForEver,
                       .effect = storage::Fault::Effect::kDelay,
                       .delay_seconds = 0.3});
  const Stopwatch time;
  const auto run = write_chunks(world_->stores, {.staging = world_->staging().root(), .settings = settings}, {});
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->chunks, 8);
  EXPECT_LT(time.seconds(), 8 * 0.3 - 0.5);
}

TEST_P(Phases, ThePartsOfAChunkAreNamedAsTheyLieInTheWarehouse) {
  if (GetParam() == Shape::kStaged) GTEST_SKIP() << "has no parts";
  cut();
  const auto text = run_phase(world_->stores, "ingest_chunk", to_json_text(chunk(0)), {});
  ASSERT_TRUE(text) << text.error().message;
  const auto parts = nlohmann::json::parse(*text)["part_files"];
  EXPECT_THAT(parts, Not(IsEmpty()));
  for (const auto& part : parts) {
    EXPECT_EQ(std::ssize(world_->read("wh/" + part["s3_key"].get<std::string>())), part["file_size_bytes"]);
    EXPECT_TRUE(part["year"].is_number_integer() || part["year"].is_null()) << part;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Phases, testing::Values(Shape::kStaged, Shape::kDirect), name_of);

}  // namespace
}  // namespace earthcatalog::backfill
