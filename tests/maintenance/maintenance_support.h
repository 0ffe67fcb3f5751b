// A table in a memory store that can be made to fail, with a clock that the tests move.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "catalog/table_support.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/maintenance/expire/expire.h"
#include "earthcatalog/maintenance/expire/live_files.h"
#include "earthcatalog/storage/fault_store.h"
#include "earthcatalog/storage/memory_store.h"

namespace earthcatalog::maintenance {

inline constexpr std::int64_t kHour = 3600;
inline constexpr const char* kFolder = "grid_partition=81063ffffffffff/year=2020/";

/// What tests of expire work on: commits at chosen times, data files of a few bytes that nobody reads.
class Warehouse {
 public:
  explicit Warehouse(const std::string& name)
      : root_("memory://" + name),
        inner_(std::make_shared<storage::MemoryStore>(name, catalog::test_clock)),
        store(std::make_shared<storage::FaultStore>(inner_)) {
    catalog::test_time = catalog::kTestStart;
    catalog::living.clear();
    stores.replace(root_, store);
  }

  std::string uri(const std::string& name) const { return root_ + "/wh/" + name; }
  void put(const std::string& name, const std::string& bytes = "0123456789") { put_key("wh/" + name, bytes); }
  void put_key(const std::string& key, const std::string& bytes = "0123456789") {
    EXPECT_TRUE(inner_->put(key, bytes));
  }
  bool has(const std::string& name) { return inner_->head("wh/" + name).value().has_value(); }
  void remove(const std::string& uri) { EXPECT_TRUE(inner_->remove(std::vector{stores.locate(uri).value().key})); }
  void overwrite(const std::string& uri, const std::string& bytes) {
    EXPECT_TRUE(inner_->put(stores.locate(uri).value().key, bytes));
  }

  /// A data file, there or not.
  iceberg::DataFile file(const std::string& name) const {
    iceberg::DataFile file;
    file.file_path = uri(kFolder + name);
    file.record_count = 1;
    file.file_size_in_bytes = 10;
    file.partition = {.cell = "81063ffffffffff", .year_since_1970 = 50};
    return file;
  }
  catalog::CatalogOptions options(std::int64_t pid = 1) const {
    auto options = catalog::writer_options(root_ + "/catalog.db", root_ + "/wh", "run" + std::to_string(pid),
                                           catalog::made_up_host("a", pid));
    options.index.scratch_folder = "/var/tmp";
    return options;
  }
  std::int64_t commit(const std::vector<std::string>& added, const std::vector<std::string>& removed = {}) {
    catalog::CommitRequest request;
    for (const auto& name : added) {
      put(kFolder + name);
      request.added.push_back(file(name));
    }
    for (const auto& name : removed) request.removed.push_back(file(name));
    const auto catalog = catalog::Catalog::open(stores, options()).value();
    const auto done = catalog->commit(request);
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_TRUE(catalog->close());
    return *done->snapshot_id;
  }
  iceberg::Table table() {
    catalog::CatalogOptions reading;
    reading.catalog = root_ + "/catalog.db";
    return catalog::Catalog::open(stores, reading).value()->table();
  }
  /// Keys under the warehouse, past all faults.
  std::set<std::string> keys() {
    std::set<std::string> keys;
    EXPECT_TRUE(inner_->list("wh", [&](const storage::ObjectInfo& info) -> Status {
      keys.insert(info.key);
      return {};
    }));
    return keys;
  }
  std::set<std::string> data_files() {
    std::set<std::string> names;
    const std::string prefix = std::string("wh/") + kFolder;
    for (const auto& key : keys()) {
      if (key.starts_with(prefix)) names.insert(key.substr(prefix.size()));
    }
    return names;
  }
  /// Every file that any snapshot of the table names is there and its manifests can be read.
  void expect_whole() {
    const auto table = this->table();
    std::set<std::int64_t> ids;
    for (const auto& snapshot : table.metadata().snapshots) ids.insert(snapshot.snapshot_id);
    const auto status = maintenance::for_each_file(table, ids, [&](const std::string& uri) -> Status {
      EXPECT_TRUE(inner_->head(stores.locate(uri).value().key).value()) << uri << " is gone";
      return {};
    });
    EXPECT_TRUE(status) << status.error().message;
  }

 private:
  std::string root_;
  std::shared_ptr<storage::MemoryStore> inner_;

 public:
  std::shared_ptr<storage::FaultStore> store;
  storage::Stores stores{storage::StorageSettings{}};
};

/// Three states of a table, 10 and 50 hours after the first; rubbish of then and of now. It is hour 60.
struct History {
  explicit History(Warehouse& warehouse) {
    first = warehouse.commit({"a.parquet", "b.parquet"});
    warehouse.put(std::string(kFolder) + "killed.parquet");
    warehouse.put("_parts/run0/part");
    warehouse.put("earthcatalog/stac_items/metadata/lost-m0.avro");
    warehouse.put_key("wh_objects/lost.parquet");
    catalog::pass_seconds(10 * kHour);
    second = warehouse.commit({"c.parquet"}, {"a.parquet"});
    catalog::pass_seconds(40 * kHour);
    third = warehouse.commit({"d.parquet"});
    catalog::pass_seconds(10 * kHour);
    warehouse.put(std::string(kFolder) + "under_way.parquet");
  }
  std::int64_t first = 0, second = 0, third = 0;
};

inline void expect_sums(const maintenance::ExpireReport& report) {
  for (const auto& place : report.places) {
    maintenance::FileCount sum = place.live;
    for (const auto& part : {place.too_young, place.left, place.removed, place.not_removed}) sum += part;
    EXPECT_EQ(sum, place.listed) << place.place;
  }
}

}  // namespace earthcatalog::maintenance
