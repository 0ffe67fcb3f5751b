// A backfill of a few made-up items in memory stores that can be made to fail, and the table that comes of it.
#pragma once

#include <arrow/api.h>
#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "catalog/table_support.h"
#include "earthcatalog/backfill/backfill.h"
#include "earthcatalog/backfill/phases/coordinator_phases.h"
#include "earthcatalog/backfill/phases/ingest_chunk.h"
#include "earthcatalog/backfill/phases/write_chunks.h"
#include "earthcatalog/catalog/unfinished_run.h"
#include "earthcatalog/generate/generate.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/storage/fault_store.h"
#include "earthcatalog/storage/memory_store.h"
#include "earthcatalog/write/partition.h"

namespace earthcatalog::backfill {

enum class Shape { kStaged, kDirect };

inline std::string name_of(const testing::TestParamInfo<Shape>& info) {
  return info.param == Shape::kStaged ? "Staged" : "Direct";
}

/// Two inventories of one archive: "first" lists items 0 to 7, "second" items 4 to 11 and newer versions of some.
inline std::shared_ptr<storage::MemoryStore> archive() {
  static const auto made = [] {
    auto store = std::make_shared<storage::MemoryStore>("archive");
    storage::Stores stores{storage::StorageSettings{}};
    stores.replace("memory://archive", store);
    generate::GenerateOptions options{.items = 8, .item = {.concentrate = true, .odd_every = 3}};
    options.inventories = {.csv = true, .csv_gz = false, .parquet = false, .manifest = false};
    options.writers = 1;
    options.out = "memory://archive/first";
    EXPECT_TRUE(generate::generate(stores, options));
    options.start = 4;
    options.duplicate_every = 2;
    options.out = "memory://archive/second";
    EXPECT_TRUE(generate::generate(stores, options));
    return store;
  }();
  return made;
}

/// Id, cell, year, `updated`: of each row.
using Rows = std::multiset<std::tuple<std::string, std::string, std::string, std::int64_t>>;

/// Places in memory, the archive included, and one run after the other on them.
class World {
 public:
  static constexpr const char* kCatalog = "memory://table/catalog.db";
  static constexpr const char* kWarehouse = "memory://table/wh";
  static constexpr const char* kStaging = "memory://table/staging";

  explicit World(Shape shape = Shape::kStaged)
      : shape_(shape),
        inner_(std::make_shared<storage::MemoryStore>("table")),
        faults(std::make_shared<storage::FaultStore>(inner_)),
        sources(std::make_shared<storage::FaultStore>(archive())) {
    stores.replace("memory://table", faults);
    stores.replace("memory://archive", sources);
    catalog::test_time = catalog::kTestStart;
    catalog::living.clear();
  }

  /// What a new process would be told: of those before it none lives any more.
  BackfillSpec spec(const std::string& list = "first") {
    catalog::living.clear();
    ++runs_;
    BackfillSpec spec;
    spec.settings = settings(list);
    spec.catalog = catalog::writer_options(kCatalog, kWarehouse, run_id(), catalog::made_up_host("a", runs_));
    spec.catalog.schema.reset();
    spec.catalog.index.scratch_folder = "/var/tmp";
    spec.staging = shape_ == Shape::kStaged ? kStaging : "";
    spec.problems = "memory://table/problems.ndjson";
    spec.fetch.concurrency = 1;
    spec.memory_limit_bytes = 64 << 20;
    return spec;
  }
  static RunSettings settings(const std::string& list) {
    RunSettings settings;
    settings.inventory = "memory://archive/" + list + "/inventory.csv";
    settings.source_root = "memory://archive/" + list + "/";
    settings.chunk_size = 5;
    return settings;
  }

  Status run(const BackfillSpec& spec, const Hooks& hooks = {}) {
    report = {};
    const auto status = run_backfill(stores, spec, hooks, report);
    EXPECT_EQ(report.imbalance(), 0);
    return status;
  }

  /// The same as phases of a cluster: what is done stays, what is not is done.
  Status run_phases(CoordinatorSpec head, const std::string& list = "first");
  CoordinatorSpec head() {
    ++runs_;
    return {.catalog = kCatalog,
            .warehouse = kWarehouse,
            .staging = staging().root(),
            .parts = staging().parts(),
            .run_id = run_id(),
            .lock = false};
  }
  Staging staging() {
    if (shape_ == Shape::kStaged) return {stores, kStaging};
    const auto id = std::string(32, 'd');
    return {stores, catalog::run_folder(kWarehouse, id), catalog::parts_folder(kWarehouse, id)};
  }

  /// Rows of the table; none when there is none. Every file that it names is there, with the rows that it says.
  Rows rows();
  std::int64_t indexed_items();
  /// Keys of what a backfill stages, past all faults.
  std::set<std::string> staged();
  std::set<std::string> keys(const std::string& prefix);
  void overwrite(const std::string& key, const std::string& bytes) { EXPECT_TRUE(inner_->put(key, bytes)); }
  std::string read(const std::string& key) { return inner_->get(key).value().value().bytes; }
  void remove(const std::string& key) { EXPECT_TRUE(inner_->remove(std::vector{key})); }

 private:
  std::string run_id() const { return fmt::format("{:08x}{:024x}", runs_, runs_); }

  const Shape shape_;
  std::shared_ptr<storage::MemoryStore> inner_;
  int runs_ = 0;

 public:
  std::shared_ptr<storage::FaultStore> faults;   ///< of catalog, warehouse and staging
  std::shared_ptr<storage::FaultStore> sources;  ///< of the archive
  storage::Stores stores{storage::StorageSettings{}};
  ingest::Report report;  ///< of the last run()
};

inline std::set<std::string> World::keys(const std::string& prefix) {
  std::set<std::string> keys;
  EXPECT_TRUE(inner_->list(prefix, [&](const storage::ObjectInfo& info) -> Status {
    keys.insert(info.key);
    return {};
  }));
  return keys;
}

inline std::set<std::string> World::staged() {
  std::set<std::string> all;
  for (const char* folder : {"staging/", "wh/_runs/", "wh/_parts/"}) all.merge(keys(folder));
  return all;
}

inline Rows World::rows() {
  catalog::CatalogOptions reading;
  reading.catalog = kCatalog;
  Rows rows;
  const auto catalog = catalog::Catalog::open(stores, reading);
  if (!catalog) return rows;
  const auto listed = (*catalog)->table().list_files({}, [&](iceberg::DataFile&& file) -> Status {
    EC_ASSIGN_OR_RETURN(const auto reader, geoparquet::FileReader::open(stores, file));
    EXPECT_EQ(reader->rows(), file.record_count);
    const auto partition = write::partition_of(file.partition);
    for (int group = 0; group < reader->row_groups(); ++group) {
      EC_ASSIGN_OR_RETURN(const auto batch, reader->read_row_group(group, {"id", "grid_partition", "updated"}));
      const auto& ids = static_cast<const arrow::StringArray&>(*batch->GetColumnByName("id"));
      const auto& cells = static_cast<const arrow::StringArray&>(*batch->GetColumnByName("grid_partition"));
      const auto& updated = static_cast<const arrow::TimestampArray&>(*batch->GetColumnByName("updated"));
      for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
        EXPECT_EQ(cells.GetString(i), partition.cell);
        rows.emplace(ids.GetString(i), partition.cell, write::year_name(partition.year), updated.Value(i));
      }
    }
    return {};
  });
  EXPECT_TRUE(listed) << listed.error().message;
  return rows;
}

inline std::int64_t World::indexed_items() {
  catalog::CatalogOptions reading;
  reading.catalog = kCatalog;
  const auto catalog = catalog::Catalog::open(stores, reading);
  EXPECT_TRUE(catalog) << catalog.error().message;
  return catalog ? (*catalog)->index().manifest().items.value_or(-1) : -1;
}

inline Status World::run_phases(CoordinatorSpec head, const std::string& list) {
  EC_ASSIGN_OR_RETURN(const auto before, read_run_record(staging()));
  if (!before && !head.delta && !rows().empty()) {  // all is done but, perhaps, the last step of the clean-up
    EC_TRY(cleanup_phase(stores, {.staging = head.staging, .parts = head.parts}, {}));
    return {};
  }
  const auto now = settings(list);
  EC_ASSIGN_OR_RETURN(const auto run, write_chunks(stores, {.staging = head.staging, .settings = now}, {}));
  if (!run.committed_snapshot) {
    for (std::int64_t chunk = 0; chunk < run.chunks; ++chunk) {
      IngestChunkSpec spec{.staging = head.staging, .parts = head.parts, .chunk = chunk};
      spec.source_root = now.source_root;
      spec.fetch_concurrency = 1;
      EC_TRY(ingest_chunk(stores, spec, {}));
    }
    EC_ASSIGN_OR_RETURN(const auto plan, plan_compaction(stores, head, {}));
    for (const auto& task : plan.tasks) EC_TRY(compact_group(stores, task, {}));
  }
  if (head.delta) {
    EC_TRY(register_delta(stores, head, {}));
  } else {
    EC_TRY(register_and_cleanup(stores, head, {}));
  }
  return {};
}

/// The rows of an undisturbed backfill of "first", and of a delta of "second" after it.
inline const Rows& first_rows() {
  static const Rows rows = [] {
    World world;
    EXPECT_TRUE(world.run(world.spec()));
    return world.rows();
  }();
  return rows;
}
inline const Rows& upserted_rows() {
  static const Rows rows = [] {
    World world;
    EXPECT_TRUE(world.run(world.spec()));
    auto delta = world.spec("second");
    delta.delta = true;
    EXPECT_TRUE(world.run(delta));
    return world.rows();
  }();
  return rows;
}

}  // namespace earthcatalog::backfill
