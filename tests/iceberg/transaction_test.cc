#include "earthcatalog/iceberg/commit/transaction.h"

#include "earthcatalog/iceberg/commit/snapshot_summary_internal.h"
#include "iceberg/iceberg_testing.h"

namespace earthcatalog::iceberg {
namespace {

using ::testing::AllOf;
using testing::column;
using ::testing::Contains;
using testing::data_file;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;
using ::testing::IsSupersetOf;
using ::testing::Key;
using testing::MemoryCatalog;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using testing::small_schema;
using testing::TableFixture;
using ::testing::UnorderedElementsAre;
using testing::value_of;

class TransactionTest : public TableFixture {
 protected:
  const DataFile a_ = data_file("c1", 2020, 1, 10), b_ = data_file("c2", 2021, 2, 20), c_ = data_file("c1", 2020, 3, 5);

  // What keys of a summary say, in their order.
  static std::string summary(const CommitResult& result, const std::vector<const char*>& keys) {
    std::string text;
    for (const char* key : keys) {
      const auto at = result.summary.find(key);
      text += (text.empty() ? "" : " ") + (at == result.summary.end() ? "-" : at->second);
    }
    return text;
  }
};

TEST_F(TransactionTest, NewTableIsAsPyIcebergMakesIt) {
  const TableMetadata& metadata = table_->metadata();
  EXPECT_EQ(metadata.location, warehouse_ + "/earthcatalog/stac_items");
  EXPECT_THAT(table_->metadata_location(), HasSubstr(metadata.location + "/metadata/00000-"));
  EXPECT_EQ(metadata.last_column_id, 8);
  EXPECT_EQ(metadata.last_partition_id, 1001);
  EXPECT_EQ(metadata.default_spec(),
            (PartitionSpec{0, {{2, 1000, "grid_partition", "identity"}, {3, 1001, "year", "year"}}}));
  EXPECT_EQ(metadata.property("write.data.path"), warehouse_);
  EXPECT_EQ(metadata.property("write.metadata.metrics.column.geometry"), "none");
  EXPECT_EQ(metadata.property("schema.name-mapping.default"), name_mapping_json(metadata.schema()));
  EXPECT_EQ(table_->current_snapshot(), nullptr);
  EXPECT_TRUE(live_files().empty());
  EXPECT_EQ(object(metadata.location + "/metadata/version-hint.text").value() + ".metadata.json",
            table_->metadata_location().substr(metadata.location.size() + 10));
}

// As Hadoop's file system spells local files, in the manifests of other engines.
TEST_F(TransactionTest, RemovesAFileByAnySpellingOfItsPath) {
  DataFile a = a_, b = b_;
  a.file_path = "file:/w/a%41.parquet";
  b.file_path = "file:/w/b.parquet";
  ASSERT_THAT(append({a, b}), IsOk());
  DataFile respelled = a;
  respelled.file_path = "file:///w/a%41.parquet";
  Transaction again(*table_);
  again.append({a});
  again.remove({respelled});
  EXPECT_THAT(again.commit(*table_), IsError(ErrorKind::kInvalidArgument, "added and removed"));
  Transaction change(*table_);
  change.remove({respelled});
  ASSERT_THAT(change.commit(*table_), IsOk());
  EXPECT_THAT(live_files(), UnorderedElementsAre(Pair("file:/w/b.parquet", 20)));
}

TEST_F(TransactionTest, TableIsNotCreatedTwice) {
  EXPECT_THAT(Table::create(stores_, catalog_, {.schema = small_schema(), .warehouse = warehouse_}),
              IsError(ErrorKind::kAlreadyExists, "earthcatalog.stac_items"));
}

TEST_F(TransactionTest, TableNeedsTheColumnsThatPartitionIt) {
  MemoryCatalog empty;
  Schema schema = small_schema();
  schema.fields[2].type.id = TypeId::kString;
  EXPECT_THAT(Table::create(stores_, empty, {.schema = schema, .warehouse = warehouse_}, {"n", "t"}),
              IsError(ErrorKind::kInvalidArgument, "datetime"));
}

TEST_F(TransactionTest, UnknownTableIsNamed) {
  MemoryCatalog empty;
  EXPECT_THAT(Table::load(stores_, empty, {"earthcatalog", "other"}),
              IsError(ErrorKind::kNotFound, "earthcatalog.other"));
}

TEST_F(TransactionTest, AppendMakesOneSnapshotWithAllTotals) {
  const CommitResult first = value_of(append({a_, b_}));
  EXPECT_EQ(
      summary(first, {"operation", "added-data-files", "added-records", "added-files-size", "changed-partition-count"}),
      "append 2 30 30000 2");
  const CommitResult second = value_of(append({c_}));
  EXPECT_EQ(
      summary(second, {"added-data-files", "deleted-data-files", "total-data-files", "total-records",
                       "total-files-size", "total-delete-files", "total-position-deletes", "total-equality-deletes"}),
      "1 - 3 35 35000 0 0 0");
  EXPECT_THAT(live_files(),
              UnorderedElementsAre(Pair(a_.file_path, 10), Pair(b_.file_path, 20), Pair(c_.file_path, 5)));
  const TableMetadata& metadata = table_->metadata();
  EXPECT_EQ(metadata.snapshots.size(), 2u);
  EXPECT_EQ(metadata.snapshots[1].parent_snapshot_id, metadata.snapshots[0].snapshot_id);
  EXPECT_EQ(metadata.snapshots[1].sequence_number, 2);
  EXPECT_EQ(metadata.refs.at("main").snapshot_id, *second.snapshot_id);
  EXPECT_EQ(metadata.snapshot_log.back().snapshot_id, *second.snapshot_id);
  EXPECT_THAT(object(metadata.location + "/metadata/version-hint.text").value(), ::testing::StartsWith("00002-"));
}

TEST_F(TransactionTest, ReadsAnOlderSnapshot) {
  const CommitResult first = value_of(append({a_}));
  value_of(append({b_}));
  EXPECT_THAT(live_files({.snapshot_id = first.snapshot_id}), UnorderedElementsAre(Key(a_.file_path)));
}

TEST_F(TransactionTest, RecountsImpossibleTotals) {
  std::vector<ManifestFile> before{{.manifest_path = "m", .added_files_count = 2, .added_rows_count = 30}};
  const Properties none;
  const auto summary_after = [&](const char* total) {
    Snapshot parent;
    parent.summary = {{"total-data-files", total}, {"total-records", total}, {"total-files-size", total}};
    return make_summary({.operation = "append",
                         .extra = &none,
                         .added = {.files = 1, .rows = 5, .bytes = 9},
                         .parent = &parent,
                         .before = &before,
                         .after = &before});
  };
  for (const char* total : {"9223372036854775807", "-3", "many"}) {
    auto found = summary_after(total);
    EXPECT_EQ(found["total-data-files"], "3") << total;
    EXPECT_EQ(found["total-records"], "35") << total;
    EXPECT_FALSE(found.contains("total-files-size")) << "that no list tells";
  }
  before[0].existing_rows_count = kUnknownRows;
  EXPECT_FALSE(summary_after("many").contains("total-records")) << "nor rows that nobody counted";
  EXPECT_EQ(summary_after("30")["total-records"], "35");
}

TEST_F(TransactionTest, OverwriteReplacesFilesAndKeepsTheRest) {
  value_of(append({a_, b_}));
  value_of(append({c_}));
  Transaction change(*table_);
  change.remove({a_, c_});
  change.append({data_file("c1", 2020, 4, 15)});
  const CommitResult result = value_of(change.commit(*table_));
  EXPECT_EQ(summary(result, {"operation", "added-data-files", "deleted-data-files", "deleted-records",
                             "removed-files-size", "total-data-files", "total-records", "changed-partition-count"}),
            "overwrite 1 2 15 15000 2 35 1");
  EXPECT_THAT(live_files(), UnorderedElementsAre(Key(b_.file_path), Key(HasSubstr("part_000004"))));
}

TEST_F(TransactionTest, KeptFilesOfARewrittenManifestKeepTheirSequenceNumber) {
  value_of(append({a_, b_}));
  Transaction change(*table_);
  change.remove({a_});
  value_of(change.commit(*table_));
  const auto manifests = value_of(table_->manifests());
  ASSERT_THAT(manifests, SizeIs(1));
  EXPECT_EQ(manifests[0].sequence_number, 2);
  EXPECT_EQ(manifests[0].min_sequence_number, 1);
  EXPECT_EQ(manifests[0].existing_files_count, 1);
  EXPECT_EQ(manifests[0].deleted_files_count, 1);
}

TEST_F(TransactionTest, OverwriteReadsAndRewritesOnlyManifestsWithRemovedFiles) {
  value_of(append({a_}));
  value_of(append({b_}));
  const auto before = value_of(table_->manifests());
  Transaction change(*table_);
  change.remove({b_});
  change.append({data_file("c2", 2021, 9)});
  const CommitResult result = value_of(change.commit(*table_));
  EXPECT_EQ(summary(result, {"manifests-created", "manifests-kept", "manifests-replaced"}), "2 1 1");
  EXPECT_THAT(value_of(table_->manifests()), Contains(before[1]));  // that of a_
}

TEST_F(TransactionTest, RemovingAllFilesIsADelete) {
  value_of(append({a_}));
  Transaction change(*table_);
  change.remove({a_});
  EXPECT_EQ(summary(value_of(change.commit(*table_)), {"operation", "total-data-files", "total-records"}),
            "delete 0 0");
  EXPECT_TRUE(live_files().empty());
  value_of(append({b_}));
  EXPECT_THAT(value_of(table_->manifests()), SizeIs(1));  // that of deleted files is gone
}

TEST_F(TransactionTest, ReplaceIsForTheSameRows) {
  value_of(append({a_, c_}));
  Transaction change(*table_);
  change.remove({a_, c_});
  change.append({data_file("c1", 2020, 4, 15)});
  change.rows_unchanged();
  EXPECT_EQ(summary(value_of(change.commit(*table_)), {"operation", "total-records"}), "replace 15");
}

TEST_F(TransactionTest, ReplaceWithFewerRowsIsRefused) {
  value_of(append({a_}));
  const std::string before = table_->metadata_location();
  Transaction change(*table_);
  change.remove({a_});
  change.append({data_file("c1", 2020, 4, 9)});
  change.rows_unchanged();
  EXPECT_THAT(change.commit(*table_), IsError(ErrorKind::kInvalidArgument, "removes 10 and adds 9"));
  EXPECT_EQ(value_of(catalog_.metadata_location({})), before);
}

TEST_F(TransactionTest, AFileIsNotAddedTwice) {
  EXPECT_THAT(append({a_, a_}), IsError(ErrorKind::kInvalidArgument, a_.file_path));
}

TEST_F(TransactionTest, WithoutChangesNothingIsWritten) {
  const auto before = objects(warehouse_);
  Transaction change(*table_);
  change.set_summary("earthcatalog.run-id", "7");
  EXPECT_EQ(value_of(change.commit(*table_)).snapshot_id, std::nullopt);
  EXPECT_EQ(objects(warehouse_), before);
}

TEST_F(TransactionTest, PropertiesChangeWithoutSnapshot) {
  Transaction change(*table_);
  change.set_property("earthcatalog.grid.type", "h3");
  value_of(change.commit(*table_));
  const Table fresh = value_of(Table::load(stores_, catalog_));
  EXPECT_EQ(fresh.metadata().property("earthcatalog.grid.type"), "h3");
  EXPECT_EQ(fresh.current_snapshot(), nullptr);
}

TEST_F(TransactionTest, SummaryKeepsTheCallersEntriesBelowIcebergs) {
  Transaction change(*table_);
  change.append({a_});
  change.set_summary("earthcatalog.run-id", "7");
  change.set_summary("total-records", "999");
  EXPECT_EQ(summary(value_of(change.commit(*table_)), {"earthcatalog.run-id", "total-records"}), "7 10");
}

TEST_F(TransactionTest, SnapshotIdIsKnownBefore) {
  Transaction change(*table_);
  change.append({a_});
  EXPECT_EQ(change.snapshot_id(), value_of(change.commit(*table_)).snapshot_id);
}

TEST_F(TransactionTest, ColumnsGetTheNextIdsTopLevelFirst) {
  NestedField box = column("box", TypeId::kStruct);
  box.type.fields = {column("x", TypeId::kDouble)};
  Transaction change(*table_);
  const Schema schema = value_of(change.add_columns({box, column("eo:cloud_cover", TypeId::kDouble)}));
  EXPECT_EQ(schema.find("box")->field_id, 9);
  EXPECT_EQ(schema.find("eo:cloud_cover")->field_id, 10);
  EXPECT_EQ(schema.find("box")->type.fields[0].field_id, 11);
  change.append({a_});
  value_of(change.commit(*table_));
  const Table fresh = value_of(Table::load(stores_, catalog_));
  EXPECT_EQ(fresh.schema(), schema);
  EXPECT_EQ(fresh.schema().schema_id, 1);
  EXPECT_EQ(fresh.metadata().last_column_id, 11);
  EXPECT_EQ(fresh.metadata().schemas.size(), 2u);
  EXPECT_EQ(fresh.current_snapshot()->schema_id, 1);
  EXPECT_THAT(*fresh.metadata().property("schema.name-mapping.default"), HasSubstr("eo:cloud_cover"));
}

TEST_F(TransactionTest, ColumnsMustBeNewAndOptional) {
  Transaction change(*table_);
  NestedField required = column("r", TypeId::kLong);
  required.required = true;
  EXPECT_THAT(change.add_columns({required}), IsError(ErrorKind::kInvalidArgument, "column r is required"));
  EXPECT_THAT(change.add_columns({column("id", TypeId::kString)}), IsError(ErrorKind::kInvalidArgument, "id already"));
  EXPECT_THAT(change.add_columns({column("n", TypeId::kLong), column("n", TypeId::kLong)}),
              IsError(ErrorKind::kInvalidArgument, "n already"));
}

TEST_F(TransactionTest, OldMetadataFilesLeaveTheLogAndStay) {
  Transaction settings(*table_);
  settings.set_property("write.metadata.previous-versions-max", "3");
  value_of(settings.commit(*table_));
  for (int i = 0; i < 10; ++i) value_of(append({data_file("c1", 2020, i)}));
  std::size_t metadata_files = 0;
  for (const auto& key : objects(warehouse_)) metadata_files += key.ends_with(".metadata.json") ? 1 : 0;
  EXPECT_EQ(metadata_files, 12u) << "only expire removes them";
  EXPECT_THAT(table_->metadata().metadata_log, SizeIs(3));
  EXPECT_THAT(live_files(), SizeIs(10));
}

// --- other commits meanwhile

TEST_F(TransactionTest, LostRaceIsAConflictThatLeavesNothing) {
  Table stale = *table_;
  value_of(append({a_}));
  const auto before = objects(warehouse_);
  Transaction change(stale);
  change.append({b_});
  EXPECT_THAT(change.commit(stale), IsError(ErrorKind::kConflict, "another commit came first"));
  EXPECT_EQ(objects(warehouse_), before);
  EXPECT_THAT(live_files(), UnorderedElementsAre(Key(a_.file_path)));
}

TEST_F(TransactionTest, LostRaceRefreshesTheTable) {
  Table stale = *table_;
  value_of(append({a_}));
  Transaction change(stale);
  change.append({b_});
  EXPECT_THAT(change.commit(stale), IsError(ErrorKind::kConflict, "another commit came first"));
  EXPECT_EQ(summary(value_of(change.commit(stale)), {"total-records"}), "30");
  EXPECT_THAT(live_files(), UnorderedElementsAre(Key(a_.file_path), Key(b_.file_path)));
  EXPECT_EQ(stale.metadata().snapshots.size(), 2u);
}

TEST_F(TransactionTest, OverwriteConflictsWhenItsFileWasRemoved) {
  value_of(append({a_}));
  Transaction other(*table_);
  other.remove({a_});
  value_of(other.commit(*table_));
  const auto before = objects(warehouse_);
  Transaction change(*table_);
  change.remove({a_});
  change.append({c_});
  EXPECT_THAT(change.commit(*table_), IsError(ErrorKind::kConflict, a_.file_path));
  EXPECT_EQ(objects(warehouse_), before);
}

TEST_F(TransactionTest, ColumnsAddedByTwoAreAConflict) {
  Table stale = *table_;
  Transaction other(*table_);
  value_of(other.add_columns({column("x", TypeId::kLong)}));
  value_of(other.commit(*table_));
  Transaction change(stale);
  value_of(change.add_columns({column("y", TypeId::kLong)}));
  EXPECT_THAT(change.commit(*table_), IsError(ErrorKind::kConflict, "changed the columns"));
}

TEST_F(TransactionTest, RefusingGuardEndsTheCommit) {
  Transaction change(*table_);
  change.append({a_});
  const auto refuse = [](sqlite3*) -> Status { return fail(ErrorKind::kConflict, "the lock is another's"); };
  EXPECT_THAT(change.commit(*table_, {.guard = refuse}), IsError(ErrorKind::kConflict, "the lock is another's"));
  EXPECT_TRUE(live_files().empty());
  EXPECT_THAT(change.commit(*table_), IsOk());
  EXPECT_THAT(live_files(), UnorderedElementsAre(Key(a_.file_path)));
}

// A catalog whose replies get lost, and that looks at what a commit has written when the pointer moves.
class WatchingCatalog final : public Catalog {
 public:
  explicit WatchingCatalog(Catalog& inner) : inner_(inner) {}
  std::string name() const override { return "watching"; }
  Result<std::optional<std::string>> metadata_location(const TableIdentifier& table) override {
    return inner_.metadata_location(table);
  }
  Result<bool> swap(const TableIdentifier& table, const std::optional<std::string>& expected,
                    const std::string& location, const CommitGuard& guard) override {
    if (before_swap) before_swap(location);
    auto swapped = inner_.swap(table, expected, location, guard);
    if (lose_reply) return fail(ErrorKind::kIOError, "connection reset");
    return swapped;
  }
  std::function<void(const std::string&)> before_swap;
  bool lose_reply = false;

 private:
  Catalog& inner_;
};

TEST_F(TransactionTest, CommitWhoseReplyWasLostIsNotDoneTwice) {
  WatchingCatalog catalog(catalog_);
  Table table = value_of(Table::load(stores_, catalog));
  Transaction change(table);
  change.append({a_});
  catalog.lose_reply = true;
  EXPECT_THAT(change.commit(table), IsError(ErrorKind::kIOError, "connection reset"));
  EXPECT_THAT(live_files(), SizeIs(1));  // nothing that the pointer names was cleaned up
  catalog.lose_reply = false;
  EXPECT_EQ(value_of(change.commit(table)).snapshot_id, change.snapshot_id());
  EXPECT_THAT(live_files(), SizeIs(1));
  EXPECT_EQ(table.metadata().snapshots.size(), 1u);
}

// Killed at any instant before the swap, the old state is whole; after it, the new one: all files are there first, and
// the hint and the expiry come last.
TEST_F(TransactionTest, WritesEverythingBeforeThePointerMoves) {
  Transaction settings(*table_);
  settings.set_property("write.metadata.previous-versions-max", "1");
  value_of(settings.commit(*table_));
  WatchingCatalog catalog(catalog_);
  Table table = value_of(Table::load(stores_, catalog));
  for (const auto& files : {std::vector{a_}, std::vector{b_}, std::vector{c_}}) {
    const auto before = objects(warehouse_);
    const auto hint = object(table_->metadata().location + "/metadata/version-hint.text");
    int swaps = 0;
    catalog.before_swap = [&](const std::string& location) {
      ++swaps;
      EXPECT_THAT(objects(warehouse_), IsSupersetOf(before));
      EXPECT_EQ(object(table_->metadata().location + "/metadata/version-hint.text"), hint);
      const Table next = value_of(Table::open_metadata(stores_, location));
      EXPECT_THAT(next.list_files({}, [](DataFile&&) -> Status { return {}; }), IsOk());
    };
    Transaction change(table);
    change.append(files);
    value_of(change.commit(table));
    EXPECT_EQ(swaps, 1);
  }
}

TEST_F(TransactionTest, CutsLargeAppendsIntoManifestsOfNarrowRanges) {
  Transaction settings(*table_);
  settings.set_property("commit.manifest.target-size-bytes", "4096");
  value_of(settings.commit(*table_));
  std::vector<DataFile> files;
  for (int i = 0; i < 500; ++i) files.push_back(data_file(fmt::format("c{:03}", (i * 7) % 500), 2020, i));
  value_of(append(files));
  ASSERT_THAT(value_of(table_->manifests()), SizeIs(::testing::Gt(5)));
  const auto counts = value_of(table_->list_files({.filter = {.cells = {"c042"}}}, [](DataFile&& file) -> Status {
    EXPECT_EQ(file.partition.cell, "c042");
    return {};
  }));
  EXPECT_EQ(counts.files, 1);
  EXPECT_EQ(counts.manifests_read, 1);
}

// --- pruning

TEST_F(TransactionTest, ListsByCellAndYearAndReadsNoOtherManifest) {
  value_of(append({a_}));
  value_of(append({b_}));
  value_of(append({data_file("c3", std::nullopt, 5)}));
  const auto list = [&](FileFilter filter) {
    std::string cells;
    const auto counts = value_of(table_->list_files({.filter = std::move(filter)}, [&](DataFile&& file) -> Status {
      cells += *file.partition.cell + " ";
      return {};
    }));
    return fmt::format("{}read {} pruned {}", cells, counts.manifests_read, counts.manifests_pruned);
  };
  EXPECT_EQ(list({.cells = {"c2"}}), "c2 read 1 pruned 2");
  EXPECT_EQ(list({.cells = {"c1", "c3"}}), "c3 c1 read 2 pruned 1");
  EXPECT_EQ(list({.years_since_1970 = {51}}), "c2 read 1 pruned 2");
  EXPECT_EQ(list({.years_since_1970 = {std::nullopt}}), "c3 read 1 pruned 2");
  EXPECT_EQ(list({.cells = {"c1"}, .years_since_1970 = {51}}), "read 0 pruned 3");
  EXPECT_EQ(list({.years_since_1970 = {49, 52}}), "read 0 pruned 3");
  EXPECT_EQ(list({.years_since_1970 = {std::nullopt, 50}}), "c3 c1 read 2 pruned 1");
}

TEST_F(TransactionTest, ErrorOfTheVisitorEndsTheListing) {
  value_of(append({a_, b_}));
  int calls = 0;
  const auto stop = [&](DataFile&&) -> Status {
    ++calls;
    return fail(ErrorKind::kCancelled, "enough");
  };
  EXPECT_THAT(table_->list_files({}, stop),
              AllOf(IsError(ErrorKind::kCancelled, "enough"), Not(IsError(ErrorKind::kCancelled, "manifest"))));
  EXPECT_EQ(calls, 1);
}

TEST_F(TransactionTest, MissingManifestIsNamed) {
  value_of(append({a_}));
  const std::string path = value_of(table_->manifests())[0].manifest_path;
  const auto where = value_of(stores_.locate(path));
  value_of(where.store->remove(std::vector{where.key}));
  EXPECT_THAT(table_->list_files({}, [](DataFile&&) -> Status { return {}; }), IsError(ErrorKind::kNotFound, path));
}

}  // namespace
}  // namespace earthcatalog::iceberg
