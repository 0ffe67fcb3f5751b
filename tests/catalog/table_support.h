// What the tests of the opened catalog share: options, data files with real rows, writers that are not ours.
#pragma once

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <optional>
#include <string>
#include <vector>

#include "catalog/lock_support.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/file/catalog_file.h"
#include "earthcatalog/iceberg/commit/transaction.h"

namespace earthcatalog::catalog {

struct Row {
  std::string id;
  std::optional<TimeMicros> updated;
  std::string collection = "c";
};

/// A Parquet file of the columns id, collection and updated, without field ids, at `uri`.
inline iceberg::DataFile write_rows(storage::Stores& stores, const std::string& uri, const std::string& cell,
                                    std::optional<std::int32_t> year, const std::vector<Row>& rows) {
  arrow::StringBuilder ids, collections;
  arrow::TimestampBuilder updated(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool());
  for (const auto& row : rows) {
    EXPECT_TRUE(ids.Append(row.id).ok());
    EXPECT_TRUE(collections.Append(row.collection).ok());
    EXPECT_TRUE((row.updated ? updated.Append(*row.updated) : updated.AppendNull()).ok());
  }
  const auto schema = arrow::schema({arrow::field("id", arrow::utf8()), arrow::field("collection", arrow::utf8()),
                                     arrow::field("updated", updated.type())});
  const auto table = arrow::Table::Make(
      schema, {ids.Finish().ValueOrDie(), collections.Finish().ValueOrDie(), updated.Finish().ValueOrDie()});
  const auto where = stores.locate(uri).value();
  const auto out = where.store->open_output(where.key).value();
  EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 1000).ok());
  iceberg::DataFile file;
  file.file_path = uri;
  file.file_size_in_bytes = out->Tell().ValueOrDie();
  EXPECT_TRUE(out->Close().ok());
  file.record_count = static_cast<std::int64_t>(rows.size());
  file.partition.cell = cell;
  if (year) file.partition.year_since_1970 = *year - 1970;
  return file;
}

inline std::vector<std::string> files_of(const iceberg::Table& table) {
  std::vector<std::string> files;
  EXPECT_TRUE(table.list_files({}, [&](iceberg::DataFile&& file) -> Status {
    files.push_back(file.file_path);
    return {};
  }));
  std::ranges::sort(files);
  return files;
}

inline index::ObjectEntry object_of(const std::string& key, const Row& row, std::vector<std::string> cells,
                                    std::optional<std::int32_t> year) {
  index::ObjectEntry entry =
      index::entry_of({.bucket = "b", .key = key, .size_bytes = {}, .last_modified = {}, .etag = "e-" + key});
  entry.identity = identity_hash(row.collection, row.id);
  entry.updated = row.updated;
  entry.cells = std::move(cells);
  entry.year = year;
  return entry;
}

inline CatalogOptions writer_options(const std::string& catalog, const std::string& warehouse, const std::string& run,
                                     HostIdentity host) {
  CatalogOptions options;
  options.catalog = catalog;
  options.warehouse = warehouse;
  options.mode = OpenMode::kWrite;
  options.run_id = run;
  options.default_resolution = 1;
  options.schema = stac::SchemaKind::kItslive;
  options.heartbeat_seconds = 0;
  options.clock = test_clock;
  options.host = std::move(host);
  return options;
}

/// The table at `catalog` as another engine has it, and a commit by that engine.
class OtherEngine {
 public:
  OtherEngine(storage::Stores& stores, const std::string& catalog)
      : file_(CatalogFile::open(stores, storage::normalize_uri(catalog).value(), {.writable = true}).value()),
        table_(iceberg::Table::load(stores, *file_).value()) {}

  void commit(const std::vector<iceberg::DataFile>& added, const std::vector<iceberg::DataFile>& removed) {
    ASSERT_TRUE(table_.refresh());
    iceberg::Transaction change(table_);
    change.append(added);
    change.remove(removed);
    const auto done = change.commit(table_);
    ASSERT_TRUE(done) << done.error().message;
  }
  iceberg::Table& table() {
    EXPECT_TRUE(table_.refresh());
    return table_;
  }

 private:
  std::unique_ptr<CatalogFile> file_;
  iceberg::Table table_;
};

}  // namespace earthcatalog::catalog
