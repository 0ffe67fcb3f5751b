// What the tests of this room share: tables in a temporary folder or in memory, made-up data files, matchers.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "earthcatalog/iceberg/commit/transaction.h"
#include "earthcatalog/iceberg/metadata/values.h"
#include "earthcatalog/iceberg/sqlite_catalog.h"
#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::iceberg::testing {

/// The value of a result; ends the test program with its message when it has none.
template <class T>
T value_of(Result<T> result, int line = __builtin_LINE()) {
  if (!result) {
    std::fprintf(stderr, "line %d: %s\n", line, result.error().message.c_str());
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

MATCHER(IsOk, "is no error") {
  if (!arg) *result_listener << arg.error().message;
  return arg.has_value();
}

MATCHER_P2(IsError, kind, message, "") {
  if (arg) {
    *result_listener << "is no error";
    return false;
  }
  *result_listener << to_string(arg.error().kind) << ": " << arg.error().message;
  return arg.error().kind == kind && arg.error().message.find(message) != std::string::npos;
}

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "iceberg_test_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline NestedField column(std::string name, TypeId type) {
  return {.field_id = 0, .name = std::move(name), .type = {.id = type, .fields = {}}};
}

/// id, grid_partition, datetime, geometry, geometry_bbox<xmin, ymin>.
inline Schema small_schema() {
  NestedField box = column("geometry_bbox", TypeId::kStruct);
  box.type.fields = {column("xmin", TypeId::kDouble), column("ymin", TypeId::kDouble)};
  return {.schema_id = 0,
          .fields = {column("id", TypeId::kString), column("grid_partition", TypeId::kString),
                     column("datetime", TypeId::kTimestampTz), column("geometry", TypeId::kBinary), box,
                     column("platform", TypeId::kString)}};
}

/// A made-up file of `rows` rows and 1000 bytes a row.
inline DataFile data_file(const std::string& cell, std::optional<int> year, int number, std::int64_t rows = 10) {
  DataFile file;
  const std::string year_name = year ? std::to_string(*year) : "unknown";
  file.file_path = fmt::format("memory://data/grid_partition={}/year={}/part_{:06}.parquet", cell, year_name, number);
  file.partition.cell = cell;
  if (year) file.partition.year_since_1970 = *year - 1970;
  file.record_count = rows;
  file.file_size_in_bytes = rows * 1000;
  for (int id = 1; id <= 8; ++id) {
    file.column_sizes[id] = 100;
    file.value_counts[id] = rows;
    file.null_value_counts[id] = 0;
  }
  file.lower_bounds[1] = "a";
  file.upper_bounds[1] = "b";
  file.split_offsets = {4};
  return file;
}

/// A catalog of one table, without a file: thousands of commits a second.
class MemoryCatalog final : public Catalog {
 public:
  std::string name() const override { return "memory"; }
  Result<std::optional<std::string>> metadata_location(const TableIdentifier&) override { return location_; }
  Result<bool> swap(const TableIdentifier&, const std::optional<std::string>& expected, const std::string& location,
                    const CommitGuard& guard) override {
    if (guard) EC_TRY(guard(nullptr));
    if (location_ != expected) return false;
    location_ = location;
    return true;
  }

 private:
  std::optional<std::string> location_;
};

/// A table in memory.
class TableFixture : public ::testing::Test {
 protected:
  TableFixture() : TableFixture(Properties{}) {}
  explicit TableFixture(Properties properties) {
    static int warehouses = 0;
    warehouse_ = fmt::format("memory://warehouse{}", warehouses++);
    table_ = std::make_unique<Table>(value_of(Table::create(
        stores_, catalog_, {.schema = small_schema(), .warehouse = warehouse_, .properties = properties})));
  }

  Result<CommitResult> append(std::vector<DataFile> files) {
    Transaction change(*table_);
    change.append(std::move(files));
    return change.commit(*table_);
  }

  /// Paths of the live files and their rows, as a fresh reader sees them.
  std::map<std::string, std::int64_t> live_files(const ListFilesOptions& options = {}) {
    Table fresh = value_of(Table::load(stores_, catalog_));
    std::map<std::string, std::int64_t> files;
    value_of(fresh.list_files(options, [&](DataFile&& file) -> Status {
      EXPECT_TRUE(files.emplace(file.file_path, file.record_count).second) << file.file_path << " is there twice";
      return {};
    }));
    return files;
  }

  std::optional<std::string> object(const std::string& uri) {
    const auto where = value_of(stores_.locate(uri));
    auto object = value_of(where.store->get(where.key));
    return object ? std::optional(object->bytes) : std::nullopt;
  }

  std::vector<std::string> objects(const std::string& folder) {
    std::vector<std::string> keys;
    const auto where = value_of(stores_.locate(folder));
    value_of(where.store->list(where.key, [&](const storage::ObjectInfo& info) -> Status {
      keys.push_back(info.key);
      return {};
    }));
    return keys;
  }

  storage::Stores stores_{storage::StorageSettings{}};
  std::string warehouse_;
  MemoryCatalog catalog_;
  std::unique_ptr<Table> table_;
};

}  // namespace earthcatalog::iceberg::testing
