// A backfill in one process, in both shapes: what its table holds and what it leaves.
#include "backfill/backfill_support.h"
#include "earthcatalog/backfill/status.h"

namespace earthcatalog::backfill {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Backfills : public testing::TestWithParam<Shape> {
 protected:
  BackfillStatus status() {
    const StatusSpec spec{.table = {.catalog = World::kCatalog, .warehouse = World::kWarehouse},
                          .staging = GetParam() == Shape::kStaged ? World::kStaging : ""};
    const auto found = read_status(world_.stores, spec);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(BackfillStatus{});
  }
  // From the `nth` object on, `objects` of the archive cannot be read.
  static void refuse(World& world, int nth, int objects, ErrorKind kind = ErrorKind::kPermissionDenied) {
    world.sources->add({.on = storage::Call::kGetRange,
                        .key_part = ".stac.json",
                        .nth = nth,
                        .times = objects,
                        .error = {kind, "refused"}});
  }

  void stop_after_the_inventory() {
    std::atomic<bool> stop = false;
    const Hooks hooks{.progress =
                          [&](const Progress& progress) {
                            stop = stop || (progress.stage == std::string_view("inventory") && progress.settled == 8);
                          },
                      .stop = &stop};
    auto spec = world_.spec();
    spec.workers = 3;  // more chunks at once than there are
    ASSERT_TRUE(world_.run(spec, hooks));
  }

  World world_{GetParam()};
};

TEST_P(Backfills, BothShapesGiveTheSameRows) {
  ASSERT_TRUE(world_.run(world_.spec()));
  EXPECT_THAT(first_rows(), Not(IsEmpty()));
  EXPECT_EQ(world_.rows(), first_rows());
  EXPECT_EQ(world_.report.written_items, 8);
  EXPECT_EQ(world_.indexed_items(), 8);
  EXPECT_EQ(world_.report.commits, 1);
  EXPECT_THAT(world_.staged(), IsEmpty());
}

TEST_P(Backfills, ADeltaReplacesTheRowsOfNewerVersionsAlone) {
  ASSERT_TRUE(world_.run(world_.spec()));
  auto delta = world_.spec("second");
  delta.delta = true;
  ASSERT_TRUE(world_.run(delta));
  EXPECT_EQ(world_.rows(), upserted_rows());
  EXPECT_NE(upserted_rows(), first_rows());
  EXPECT_GT(world_.report.replaced_rows, 0);
  EXPECT_EQ(world_.indexed_items(), 12);
  std::map<std::string, std::set<std::int64_t>> versions;
  for (const auto& [id, cell, year, updated] : world_.rows()) versions[id].insert(updated);
  for (const auto& [id, updated] : versions) EXPECT_EQ(updated.size(), 1u) << id;
}

TEST_P(Backfills, ReplacePutsItsRowsInPlaceOfTheTables) {
  ASSERT_TRUE(world_.run(world_.spec("second")));
  const auto refused = world_.run(world_.spec());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kAlreadyExists);
  auto spec = world_.spec();
  spec.replace = true;
  ASSERT_TRUE(world_.run(spec));
  EXPECT_EQ(world_.rows(), first_rows());
}

TEST_P(Backfills, TheSameAgainIsCommittedAlready) {
  ASSERT_TRUE(world_.run(world_.spec()));
  const auto snapshot = world_.report.snapshot_id;
  ASSERT_TRUE(world_.run(world_.spec()));
  EXPECT_TRUE(world_.report.already_committed);
  EXPECT_EQ(world_.report.snapshot_id, snapshot);
  EXPECT_EQ(world_.report.unchanged, 8);
}

TEST_P(Backfills, SmallFilesAndLittleMemoryGiveTheSameRows) {
  auto spec = world_.spec();
  spec.compact_rows = 1;
  spec.memory_limit_bytes = 1 << 20;
  spec.workers = 3;
  ASSERT_TRUE(world_.run(spec));
  EXPECT_EQ(world_.rows(), first_rows());
  EXPECT_EQ(world_.report.files, world_.report.rows);
}

TEST_P(Backfills, AnAutomaticSchemaGivesTheSameRows) {
  auto spec = world_.spec();
  spec.catalog.schema = stac::SchemaKind::kAuto;
  ASSERT_TRUE(world_.run(spec));
  EXPECT_EQ(world_.rows(), first_rows());
}

TEST_P(Backfills, PendingObjectsAreFetchedByARetryAfterTheCommit) {
  refuse(world_, 3, 2);
  ASSERT_TRUE(world_.run(world_.spec()));
  EXPECT_EQ(world_.report.pending, 2);
  EXPECT_EQ(world_.report.written_items, 6);
  EXPECT_NE(world_.rows(), first_rows());
  EXPECT_EQ(status().phase, Phase::kCommitted);
  EXPECT_EQ(status().pending, 2);
  ASSERT_TRUE(world_.run(world_.spec()));  // without being asked to, it fetches nothing
  EXPECT_EQ(world_.report.pending, 2);
  auto retry = world_.spec();
  retry.retry_pending = true;
  ASSERT_TRUE(world_.run(retry));
  EXPECT_EQ(world_.report.pending, 0);
  EXPECT_EQ(world_.report.written_items, 2);
  EXPECT_EQ(world_.rows(), first_rows());
  EXPECT_EQ(world_.indexed_items(), 8);
}

TEST_P(Backfills, ARetryBeforeTheCommitIsPartOfIt) {
  refuse(world_, 3, 2);
  auto spec = world_.spec();
  spec.retry_pending = true;
  ASSERT_TRUE(world_.run(spec));
  EXPECT_EQ(world_.report.pending, 0);
  EXPECT_EQ(world_.report.written_items, 8);
  EXPECT_EQ(world_.rows(), first_rows());
}

TEST_P(Backfills, AMissingObjectIsCountedAndNamed) {
  refuse(world_, 2, 1, ErrorKind::kNotFound);
  auto spec = world_.spec();
  const auto done = world_.run(spec);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(world_.report.missing, 1);
  EXPECT_THAT(world_.report.first_missing, HasSubstr("memory://archive/first/"));
  EXPECT_EQ(world_.report.written_items, 7);
}

TEST_P(Backfills, WhenNothingIsFoundNothingIsCommitted) {
  refuse(world_, 1, storage::Fault::kForEver, ErrorKind::kNotFound);
  const auto status = world_.run(world_.spec());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(world_.report.commits, 0);
  EXPECT_THAT(world_.rows(), IsEmpty());
  world_.sources->clear();
  auto spec = world_.spec();
  spec.restart = true;
  ASSERT_TRUE(world_.run(spec));
  EXPECT_EQ(world_.rows(), first_rows());
}

// Another writer commits between the decision and the commit: the delta decides again on what is there then.
TEST_P(Backfills, ADeltaDecidesAgainWhenAnotherWriterWasFirst) {
  ASSERT_TRUE(world_.run(world_.spec()));
  auto other = world_.spec("second");
  other.delta = true;
  other.staging = "memory://table/other";
  other.catalog.lock = false;
  int commits = 0;
  const Hooks hooks{.progress = [&](const Progress& progress) {
    if (progress.stage != std::string_view("commit") || commits++ > 0) return;
    ingest::Report report;
    EXPECT_TRUE(run_backfill(world_.stores, other, {}, report));
    EXPECT_EQ(report.commits, 1);
  }};
  auto delta = world_.spec("second");
  delta.delta = true;
  delta.catalog.lock = false;
  const auto status = world_.run(delta, hooks);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(commits, 2);
  EXPECT_EQ(world_.rows(), upserted_rows());
}

TEST_P(Backfills, ABackfillThatIsNoDeltaStopsWhenAnotherWriterWasFirst) {
  auto other = world_.spec("second");
  other.staging = "memory://table/other";
  other.catalog.lock = false;
  const Hooks hooks{.progress = [&](const Progress& progress) {
    if (progress.stage != std::string_view("commit")) return;
    ingest::Report report;
    EXPECT_TRUE(run_backfill(world_.stores, other, {}, report));
  }};
  auto spec = world_.spec();
  spec.catalog.lock = false;
  const auto status = world_.run(spec, hooks);
  ASSERT_FALSE(status);
  EXPECT_EQ(world_.report.not_done, 8);
  World alone;
  ASSERT_TRUE(alone.run(alone.spec("second")));
  EXPECT_EQ(world_.rows(), alone.rows());
}

TEST_P(Backfills, StopEndsItBetweenChunksAndTheNextRunGoesOn) {
  stop_after_the_inventory();
  EXPECT_TRUE(world_.report.interrupted);
  EXPECT_EQ(world_.report.not_done, 8);
  EXPECT_EQ(status().phase, Phase::kIngest);
  EXPECT_EQ(status().chunks, 2);
  ASSERT_TRUE(world_.run(world_.spec()));
  EXPECT_EQ(world_.rows(), first_rows());
  EXPECT_EQ(status().phase, Phase::kNone);
}

TEST_P(Backfills, OtherSettingsOnWhatIsStagedAreRefused) {
  stop_after_the_inventory();
  auto spec = world_.spec();
  spec.settings.chunk_size = 4;
  const auto status = world_.run(spec);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("chunk_size = 5"));
  spec = world_.spec();
  spec.settings.chunk_size = 4;
  spec.restart = true;
  ASSERT_TRUE(world_.run(spec));
  EXPECT_EQ(world_.rows(), first_rows());
}

TEST_P(Backfills, KeptStagingIsCommittedOnce) {
  auto spec = world_.spec();
  spec.keep_staging = true;
  ASSERT_TRUE(world_.run(spec));
  EXPECT_THAT(world_.staged(), Not(IsEmpty()));
  const auto snapshot = world_.report.snapshot_id;
  ASSERT_TRUE(world_.run(world_.spec()));
  EXPECT_TRUE(world_.report.already_committed);
  EXPECT_EQ(world_.report.snapshot_id, snapshot);
  EXPECT_THAT(world_.staged(), IsEmpty());
}

TEST_P(Backfills, ANewTableWithoutAResolutionGetsOneInTheDirectShapeAlone) {
  auto spec = world_.spec();
  spec.catalog.grid.resolution.reset();
  spec.catalog.default_resolution.reset();
  std::vector<std::string> told;
  const auto status =
      world_.run(spec, {.progress = {}, .warn = [&](const std::string& text) { told.push_back(text); }});
  if (GetParam() == Shape::kStaged) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(world_.keys(""), IsEmpty());
    return;
  }
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(world_.rows(), first_rows());
  EXPECT_THAT(told, testing::ElementsAre(HasSubstr("`h3_resolution` was not given: the new table has 1")));
  EXPECT_EQ(world_.report.warnings, told);
  auto delta = world_.spec("second");  // a table that exists has its own, of which there is nothing to say
  delta.delta = true;
  delta.catalog.grid.resolution.reset();
  delta.catalog.default_resolution.reset();
  ASSERT_TRUE(world_.run(delta));
  EXPECT_THAT(world_.report.warnings, IsEmpty());
}

TEST_P(Backfills, AGivenPartitionerFindsTheCells) {
  auto finer = grid::make_partitioner(world_.stores, {.type = "h3", .resolution = 2});
  ASSERT_TRUE(finer);
  auto spec = world_.spec();
  spec.partitioner = *std::move(finer);
  ASSERT_TRUE(world_.run(spec));
  for (const auto& [id, cell, year, updated] : world_.rows()) {
    EXPECT_TRUE(cell == grid::kNoCellName || cell.starts_with("82")) << cell;  // 8, then the resolution
  }
  EXPECT_THAT(world_.rows(), Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Backfills, testing::Values(Shape::kStaged, Shape::kDirect), name_of);

TEST(BackfillSettings, StagingWithinTheWarehouseIsRefused) {
  World world;
  auto spec = world.spec();
  spec.staging = std::string(World::kWarehouse) + "/staging";
  const auto status = world.run(spec);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(world.keys(""), IsEmpty());
}

TEST(BackfillSettings, DeltaAndReplaceExcludeEachOther) {
  World world;
  auto spec = world.spec();
  spec.delta = spec.replace = true;
  EXPECT_EQ(world.run(spec).error().kind, ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace earthcatalog::backfill
