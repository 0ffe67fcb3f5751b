#include "earthcatalog/incremental/incremental.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/grid/named_partitioner.h"
#include "support/temp_folder.h"

namespace earthcatalog::incremental {
namespace {

namespace fs = std::filesystem;
using testing_support::TempFolder;

// One object of the made-up bucket: which item it holds, in which version, where.
struct Content {
  int id = 0;
  int updated = 0;  // seconds
  double lon = 0;
  int etag = 0;
  bool operator==(const Content&) const = default;
};

std::string to_json(const Content& content) {
  return fmt::format(
      R"({{"type":"Feature","stac_version":"1.0.0","id":"id{}","collection":"c","links":[],"assets":{{}},)"
      R"("geometry":{{"type":"Point","coordinates":[{},10]}},"properties":{{"datetime":"2020-05-01T00:00:00Z",)"
      R"("updated":"{}","extra":{}}}}})",
      content.id, content.lon, format_time(content.updated * kMicrosPerSecond), content.updated);
}

class Archive {
 public:
  explicit Archive(std::string root) : root_(std::move(root)) {}

  void put(const std::string& key, const Content& content) {
    fs::create_directories(root_ + "/b");
    std::ofstream(root_ + "/b/" + key) << incremental::to_json(content);
    objects[key] = content;
    objects[key].etag = ++puts_;
  }
  // An inventory of some of the objects. Each put gives an object another etag.
  std::string list(const std::set<std::string>& keys) const {
    const std::string path = root_ + "/inventory.csv";
    std::ofstream out(path);
    out << "bucket,key,e_tag\n";
    for (const auto& key : keys) {
      out << "b," << key << ",v" << (objects.contains(key) ? objects.at(key).etag : 0) << "\n";
    }
    return path;
  }

  std::map<std::string, Content> objects;

 private:
  std::string root_;
  int puts_ = 0;
};

struct Settings {
  std::int64_t chunk_size = 3;
  int workers = 2;
  bool batch_add_files = false;
  std::int64_t memory_limit_bytes = 256 << 20;
};

incremental::IncrementalSpec make_spec(const TempFolder& folder, const std::string& inventory,
                                       const Settings& settings) {
  static int run = 0;
  incremental::IncrementalSpec spec;
  spec.inventory = inventory;
  spec.inventory_options.source_root = "file://" + folder.path() + "/";
  spec.fetch.source_root = spec.inventory_options.source_root;
  spec.catalog.catalog = folder / "catalog.db";
  spec.catalog.warehouse = folder / "warehouse";
  spec.catalog.run_id = fmt::format("{:08x}{:024x}", 0x1000 + run, run);
  spec.catalog.host = catalog::this_host();
  spec.catalog.heartbeat_seconds = 0;
  spec.catalog.grid.resolution = 2;
  spec.chunk_size = settings.chunk_size;
  spec.workers = settings.workers;
  spec.batch_add_files = settings.batch_add_files;
  spec.memory_limit_bytes = settings.memory_limit_bytes;
  spec.commit_every_seconds = 0;
  spec.problems = folder / fmt::format("problems{}.ndjson", run);
  ++run;
  return spec;
}

// (id, updated in seconds) of each row.
using Rows = std::multiset<std::pair<std::string, std::int64_t>>;

Rows read_rows(const TempFolder& folder) {
  storage::Stores stores({});
  catalog::CatalogOptions options;
  options.catalog = folder / "catalog.db";
  Rows rows;
  const auto opened = catalog::Catalog::open(stores, options);
  if (!opened) return rows;
  const auto listed = (*opened)->table().list_files({}, [&](iceberg::DataFile&& data_file) -> Status {
    EC_ASSIGN_OR_RETURN(const auto where, stores.locate(data_file.file_path));
    EC_ASSIGN_OR_RETURN(const auto file, geoparquet::FileReader::open(where));
    EXPECT_EQ(file->rows(), data_file.record_count);
    for (int group = 0; group < file->row_groups(); ++group) {
      EC_ASSIGN_OR_RETURN(const auto batch, file->read_row_group(group, {"id", "updated"}));
      const auto& id = static_cast<const arrow::StringArray&>(*batch->GetColumnByName("id"));
      const auto& updated = static_cast<const arrow::TimestampArray&>(*batch->GetColumnByName("updated"));
      for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
        rows.emplace(id.GetString(i), updated.Value(i) / kMicrosPerSecond);
      }
    }
    return {};
  });
  EXPECT_TRUE(listed.has_value()) << listed.error().message;
  return rows;
}

// What the table says of itself, without a look at its rows.
std::optional<std::int64_t> counted_items(const TempFolder& folder) {
  storage::Stores stores({});
  catalog::CatalogOptions options;
  options.catalog = folder / "catalog.db";
  const auto opened = catalog::Catalog::open(stores, options);
  return opened ? (*opened)->index().manifest().items : 0;
}

ingest::Report run(const TempFolder& folder, const std::string& inventory, const Settings& settings) {
  storage::Stores stores({});
  ingest::Report report;
  const auto status = incremental::run_incremental(stores, make_spec(folder, inventory, settings), {}, report);
  EXPECT_TRUE(status.has_value()) << status.error().message;
  EXPECT_EQ(report.imbalance(), 0);
  return report;
}

Settings any_settings() {
  return {.chunk_size = *rc::gen::inRange(1, 6),
          .workers = *rc::gen::inRange(1, 3),
          .batch_add_files = *rc::gen::arbitrary<bool>()};
}

std::set<std::string> any_keys_of(const Archive& bucket) {
  std::set<std::string> keys;
  for (const auto& [key, content] : bucket.objects) {
    if (*rc::gen::inRange(0, 4) != 0) keys.insert(key);
  }
  return keys;
}

// The newest version of each item among what objects hold.
Rows newest_of(const std::map<std::string, Content>& objects) {
  std::map<std::string, std::int64_t> newest;
  for (const auto& [key, content] : objects) {
    auto& version = newest[fmt::format("id{}", content.id)];
    version = std::max<std::int64_t>(version, content.updated);
  }
  return {newest.begin(), newest.end()};
}

// The model: of all versions that any run has seen, the newest of each item.
RC_GTEST_PROP(Incremental, AnySeriesOfRunsLeavesTheNewestVersionOfEachItemOnce, ()) {
  const TempFolder folder;
  Archive bucket(folder.path());
  std::map<std::string, Content> seen;
  const int runs = *rc::gen::inRange(1, 4);
  for (int r = 0; r < runs; ++r) {
    const int changes = *rc::gen::inRange(1, 12);
    for (int c = 0; c < changes; ++c) {
      const int number = *rc::gen::inRange(0, 8);
      const std::string key = fmt::format("k{}.stac.json", number);
      // A key keeps its item; versions only grow. Two keys share an item.
      const int version = (bucket.objects.contains(key) ? bucket.objects[key].updated : 0) + *rc::gen::inRange(1, 5);
      bucket.put(key, {.id = number / 2, .updated = version, .lon = *rc::gen::inRange(-170, 170) * 1.0});
    }
    std::set<std::string> listed = any_keys_of(bucket);
    if (!listed.empty() && *rc::gen::arbitrary<bool>()) listed.insert("gone.stac.json");
    const auto report = run(folder, bucket.list(listed), any_settings());

    int unchanged = 0;
    for (const auto& key : listed) {
      if (!bucket.objects.contains(key)) continue;
      unchanged += seen.contains(key) && seen[key] == bucket.objects[key] ? 1 : 0;
      seen[key] = bucket.objects[key];
    }
    RC_ASSERT(report.unchanged == unchanged);
    RC_ASSERT(report.missing == (listed.contains("gone.stac.json") ? 1 : 0));
    RC_ASSERT(read_rows(folder) == newest_of(seen));
    RC_ASSERT(counted_items(folder) == std::ssize(newest_of(seen)));
  }
}

// Objects that change their item, or go back to an older version. What was superseded by a version that is gone may
// be missing from the table until a run meets its object again, but never are there rows that no object holds.
RC_GTEST_PROP(Incremental, RowsOfAnItemGoWithTheObjectThatHeldIt, ()) {
  const TempFolder folder;
  Archive bucket(folder.path());
  std::map<std::string, Content> seen;
  const int runs = *rc::gen::inRange(1, 5);
  for (int r = 0; r < runs; ++r) {
    const int changes = *rc::gen::inRange(1, 10);
    for (int c = 0; c < changes; ++c) {
      bucket.put(fmt::format("k{}.stac.json", *rc::gen::inRange(0, 6)), {.id = *rc::gen::inRange(0, 4),
                                                                         .updated = *rc::gen::inRange(1, 6),
                                                                         .lon = *rc::gen::inRange(-170, 170) * 1.0});
    }
    const auto listed = any_keys_of(bucket);
    run(folder, bucket.list(listed), any_settings());
    for (const auto& key : listed) seen[key] = bucket.objects[key];
    std::set<std::pair<std::string, std::int64_t>> held;
    for (const auto& [key, content] : seen) held.emplace(fmt::format("id{}", content.id), content.updated);
    std::set<std::string> ids;
    for (const auto& row : read_rows(folder)) {
      RC_ASSERT(ids.insert(row.first).second);
      RC_ASSERT(held.contains(row));
    }
    RC_ASSERT(counted_items(folder) == std::ssize(ids));
  }
  std::set<std::string> all;
  for (const auto& [key, content] : bucket.objects) all.insert(key);
  // The first run may forget objects that it has passed already as unchanged; the second takes them up.
  run(folder, bucket.list(all), any_settings());
  run(folder, bucket.list(all), any_settings());
  RC_ASSERT(read_rows(folder) == newest_of(bucket.objects));
  const auto report = run(folder, bucket.list(all), any_settings());
  RC_ASSERT(report.unchanged == std::ssize(all));
}

TEST(Incremental, ObjectThatChangesItsItemMovesItsRows) {
  for (const bool batch_add_files : {false, true}) {
    const TempFolder folder;
    Archive bucket(folder.path());
    for (const int id : {1, 2, 1}) {
      bucket.put("k.stac.json", {.id = id, .updated = 5, .lon = 0});
      const auto report = run(folder, bucket.list({"k.stac.json"}), {.batch_add_files = batch_add_files});
      EXPECT_EQ(report.written_items, 1);
      EXPECT_EQ(report.commits, 1);
      EXPECT_EQ(read_rows(folder), (Rows{{fmt::format("id{}", id), 5}}));
    }
  }
}

TEST(Incremental, CommitsAChunkLargerThanMemoryInPieces) {
  const TempFolder folder;
  Archive bucket(folder.path());
  std::set<std::string> keys;
  for (int i = 0; i < 3000; ++i) {
    const std::string key = fmt::format("k{:04}.stac.json", i);
    bucket.put(key, {.id = i, .updated = 1, .lon = 0});
    keys.insert(key);
  }
  const auto report = run(folder, bucket.list(keys), {.chunk_size = 10'000, .memory_limit_bytes = 1 << 20});
  EXPECT_EQ(report.written_items, 3000);
  EXPECT_GT(report.commits, 1);
  EXPECT_EQ(read_rows(folder).size(), 3000U);
}

TEST(Incremental, TinyMemoryLimitPassesOneObjectAtATime) {
  const TempFolder folder;
  Archive bucket(folder.path());
  std::set<std::string> keys;
  for (int i = 0; i < 20; ++i) {
    keys.insert(fmt::format("k{}.stac.json", i));
    bucket.put(fmt::format("k{}.stac.json", i), {.id = i, .updated = 1, .lon = 0});
  }
  const auto report = run(folder, bucket.list(keys), {.memory_limit_bytes = 0});
  EXPECT_EQ(report.written_items, 20);
}

// While a run that gathers several stages before its commit is about to commit, another one changes the same items.
class LostRace : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(LostRace, BatchLosesNothing) {
  const TempFolder folder;
  Archive bucket(folder.path());
  std::set<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = fmt::format("k{:04}.stac.json", i);
    keys.insert(key);
    bucket.put(key, {.id = i, .updated = 1, .lon = 0});
  }
  run(folder, bucket.list({"k0000.stac.json"}), {});  // there is a table
  const auto inventory = bucket.list(keys);
  auto spec = make_spec(folder, inventory, {.chunk_size = 100, .batch_add_files = true});
  spec.memory_limit_bytes = GetParam();
  spec.catalog.lock = false;
  bool raced = false;
  Hooks hooks;
  hooks.progress = [&](const Progress& progress) {
    if (std::string_view(progress.stage) != "commit" || std::exchange(raced, true)) return;
    auto other = make_spec(folder, inventory, {});
    other.inventory_options.limit = 500;
    other.catalog.lock = false;
    storage::Stores stores({});
    ingest::Report report;
    const auto status = incremental::run_incremental(stores, other, {}, report);
    EXPECT_TRUE(status) << status.error().message;
  };
  storage::Stores stores({});
  ingest::Report report;
  const auto status = incremental::run_incremental(stores, spec, hooks, report);
  ASSERT_TRUE(raced);
  if (!status) {
    EXPECT_EQ(status.error().kind, ErrorKind::kConflict);
    EXPECT_NE(status.error().message.find("Run again"), std::string::npos) << status.error().message;
    EXPECT_EQ(read_rows(folder).size(), 500U) << "the other one's, all of whose files are there";
    EXPECT_EQ(report.written_items, 0);
    run(folder, inventory, {});
  }
  EXPECT_EQ(status.has_value(), GetParam() > 1 << 20) << "what is in memory still can be decided again";
  EXPECT_EQ(read_rows(folder), newest_of(bucket.objects));
  EXPECT_EQ(counted_items(folder), 1000);
}

INSTANTIATE_TEST_SUITE_P(MemoryLimit, LostRace, testing::Values(128 << 10, 256 << 20));

TEST(Incremental, ADryRunWritesNothing) {
  const TempFolder folder;
  Archive bucket(folder.path());
  bucket.put("k.stac.json", {.id = 1, .updated = 1, .lon = 0});
  auto spec = make_spec(folder, bucket.list({"k.stac.json"}), {});
  spec.dry_run = true;
  storage::Stores stores({});
  ingest::Report report;
  ASSERT_TRUE(incremental::run_incremental(stores, spec, {}, report).has_value());
  EXPECT_EQ(report.written_items, 1);
  EXPECT_FALSE(fs::exists(folder / "catalog.db"));
  EXPECT_FALSE(fs::exists(folder / "warehouse"));
}

TEST(Incremental, StopBeforeTheStartDoesNothing) {
  const TempFolder folder;
  Archive bucket(folder.path());
  bucket.put("k.stac.json", {.id = 1, .updated = 1, .lon = 0});
  const std::atomic<bool> stop{true};
  storage::Stores stores({});
  ingest::Report report;
  Hooks hooks;
  hooks.stop = &stop;
  ASSERT_TRUE(incremental::run_incremental(stores, make_spec(folder, bucket.list({"k.stac.json"}), {}), hooks, report)
                  .has_value());
  EXPECT_TRUE(report.interrupted);
  EXPECT_EQ(report.written_items, 0);
  EXPECT_EQ(report.imbalance(), 0);
  EXPECT_FALSE(fs::exists(folder / "catalog.db.lock"));
}

TEST(Incremental, OtherCollectionTurnsANewTableToAuto) {
  const TempFolder folder;
  Archive bucket(folder.path());
  bucket.put("k.stac.json", {.id = 1, .updated = 7, .lon = 0});
  run(folder, bucket.list({"k.stac.json"}), {});
  storage::Stores stores({});
  catalog::CatalogOptions options;
  options.catalog = folder / "catalog.db";
  const auto catalog = catalog::Catalog::open(stores, options);
  ASSERT_TRUE(catalog.has_value()) << catalog.error().message;
  EXPECT_EQ((*catalog)->item_schema()->kind, stac::SchemaKind::kAuto);
  EXPECT_EQ((*catalog)->item_schema()->columns.back(), (stac::Column{"extra", stac::ColumnType::kDouble}));
}

// A run whose cells `names_of` names, of objects k0 … with the items id0 … at the longitudes 0 …
class NamedCells : public ::testing::Test {
 protected:
  NamedCells() : bucket_(folder_.path()) {}

  using NamesOfOne = std::function<Result<std::vector<std::string>>(std::string_view wkb)>;

  Status run(int objects, const NamesOfOne& names_of_one) {
    std::set<std::string> keys;
    for (int i = 0; i < objects; ++i) {
      const std::string key = fmt::format("k{}.stac.json", i);
      bucket_.put(key, {.id = i, .updated = 1, .lon = i * 1.0});
      keys.insert(key);
    }
    auto spec = make_spec(folder_, bucket_.list(keys), {.chunk_size = 2, .workers = 1});
    spec.fetch.concurrency = 1;
    spec.catalog.grid = {};
    spec.catalog.grid.type = "python";
    spec.catalog.grid.python = "here.Mine";
    spec.partitioner = grid::make_named_partitioner(
        [&](std::span<const std::string> footprints) -> Result<std::vector<std::vector<std::string>>> {
          EC_ASSIGN_OR_RETURN(auto names, names_of_one(footprints.front()));
          return std::vector<std::vector<std::string>>{std::move(names)};
        });
    return run_spec(spec);
  }
  Status run_spec(const incremental::IncrementalSpec& spec) {
    storage::Stores stores({});
    report_ = {};
    problems_ = spec.problems;
    return incremental::run_incremental(stores, spec, {}, report_);
  }
  // The cells of all rows; "*" behind that of a primary one.
  std::multiset<std::string> cells() {
    storage::Stores stores({});
    catalog::CatalogOptions options;
    options.catalog = folder_ / "catalog.db";
    const auto opened = catalog::Catalog::open(stores, options).value();
    std::multiset<std::string> cells;
    EXPECT_TRUE(opened->table().list_files({}, [&](iceberg::DataFile&& data_file) -> Status {
      const auto file = geoparquet::FileReader::open(stores, data_file).value();
      const auto rows = file->read_row_group(0, {"grid_primary"}).value();
      const auto& primary = static_cast<const arrow::BooleanArray&>(*rows->column(0));
      for (std::int64_t i = 0; i < rows->num_rows(); ++i) {
        cells.insert(*data_file.partition.cell + (primary.Value(i) ? "*" : ""));
      }
      return {};
    }));
    return cells;
  }

  TempFolder folder_;
  Archive bucket_;
  ingest::Report report_;
  std::string problems_;
};

TEST_F(NamedCells, AreThePartitionsOfTheTableAndTheFirstNameIsPrimary) {
  const auto status = run(
      1, [](std::string_view) -> Result<std::vector<std::string>> { return std::vector<std::string>{"west", "east"}; });
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(cells(), (std::multiset<std::string>{"east*", "west"}));
  storage::Stores stores({});
  catalog::CatalogOptions options;
  options.catalog = folder_ / "catalog.db";
  const auto opened = catalog::Catalog::open(stores, options).value();
  const auto& grid = opened->grid();
  EXPECT_EQ(grid.type, "python");
  EXPECT_EQ(grid.python, "here.Mine");
}

TEST_F(NamedCells, AnErrorEndsTheRunAndWholeChunksBeforeItStay) {
  int calls = 0;
  const auto status = run(8, [&](std::string_view) -> Result<std::vector<std::string>> {
    if (++calls == 6) return fail(ErrorKind::kIOError, "the partitioner is ill");
    return std::vector<std::string>{"here"};
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kIOError);
  EXPECT_NE(status.error().message.find("k5.stac.json: the partitioner is ill"), std::string::npos)
      << status.error().message;
  EXPECT_EQ(read_rows(folder_), (Rows{{"id0", 1}, {"id1", 1}, {"id2", 1}, {"id3", 1}}));
  // What the error left out comes with the next run.
  ASSERT_TRUE(
      run(8, [](std::string_view) -> Result<std::vector<std::string>> { return std::vector<std::string>{"here"}; }));
  EXPECT_EQ(read_rows(folder_).size(), 8U);
}

TEST_F(NamedCells, ANameThatCannotBeAPartOfAPathEndsTheRunWithItsItem) {
  const auto status =
      run(1, [](std::string_view) -> Result<std::vector<std::string>> { return std::vector<std::string>{"a/b"}; });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_NE(status.error().message.find("k0.stac.json"), std::string::npos) << status.error().message;
  EXPECT_NE(status.error().message.find("'a/b'"), std::string::npos) << status.error().message;
}

TEST_F(NamedCells, AFootprintThatCannotBeCoveredLosesItsPlaceAlone) {
  int calls = 0;
  const auto status = run(3, [&](std::string_view) -> Result<std::vector<std::string>> {
    ++calls;
    if (calls == 1) return fail(ErrorKind::kUnsupported, "too many cells");
    if (calls == 2) return fail(ErrorKind::kInvalidData, "no such geometry");
    return std::vector<std::string>{"here"};
  });
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(cells(), (std::multiset<std::string>{"__none__*", "__none__*", "here*"}));
  std::ifstream file(problems_);
  const std::string problems{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(problems.find("too many cells"), std::string::npos) << problems;
  EXPECT_NE(problems.find("no such geometry"), std::string::npos) << problems;
}

TEST_F(NamedCells, ATableOfThemNeedsThePartitioner) {
  ASSERT_TRUE(
      run(1, [](std::string_view) -> Result<std::vector<std::string>> { return std::vector<std::string>{"here"}; }));
  bucket_.put("new.stac.json", {.id = 9, .updated = 1, .lon = 0});
  auto spec = make_spec(folder_, bucket_.list({"new.stac.json"}), {});
  spec.catalog.grid = {};
  const auto without = run_spec(spec);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_NE(without.error().message.find("here.Mine"), std::string::npos) << without.error().message;
  spec.catalog.grid.type = "h3";
  EXPECT_EQ(run_spec(spec).error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(read_rows(folder_), (Rows{{"id0", 1}}));
  EXPECT_FALSE(fs::exists(folder_ / "catalog.db.lock"));
}

}  // namespace
}  // namespace earthcatalog::incremental
