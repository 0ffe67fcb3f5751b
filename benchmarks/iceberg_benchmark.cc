// The cost of commits: 12,000 files at once, one small file on top, and an upsert, on a local folder with SQLite.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "earthcatalog/iceberg/commit/transaction.h"
#include "earthcatalog/iceberg/metadata/values.h"
#include "earthcatalog/iceberg/sqlite_catalog.h"

namespace earthcatalog::iceberg {
namespace {

constexpr int kColumns = 34;

template <class T>
T check(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

NestedField column(std::string name, TypeId type) {
  return {.name = std::move(name), .type = {.id = type, .fields = {}}};
}

Schema schema() {
  Schema schema{.fields = {column("id", TypeId::kString), column("grid_partition", TypeId::kString),
                           column("geometry", TypeId::kBinary), column("datetime", TypeId::kTimestampTz)}};
  for (int i = 5; i <= kColumns; ++i) schema.fields.push_back(column(fmt::format("property_{}", i), TypeId::kDouble));
  return schema;
}

// As our writer describes a file of the ITS_LIVE table: counts of all columns, bounds of 20.
DataFile data_file(int number) {
  DataFile file;
  const std::string cell = fmt::format("81{:05x}fffffffff", number / 40);
  const int year = 1985 + number % 40;
  file.file_path =
      fmt::format("file:///data/warehouse/grid_partition={}/year={}/part_{:06}_1a2b3c4d.parquet", cell, year, number);
  file.partition = {.cell = cell, .year_since_1970 = year - 1970};
  file.record_count = 5'760;
  file.file_size_in_bytes = 2'500'000 + number;
  for (int id = 1; id <= kColumns; ++id) {
    file.column_sizes[id] = 70'000 + number * id % 1000;
    file.value_counts[id] = file.record_count;
    file.null_value_counts[id] = id % 3 == 0 ? number : 0;
    if (id <= 2) {
      file.lower_bounds[id] = fmt::format("LC08_{:011}", number);
      file.upper_bounds[id] = fmt::format("S2B_{:012}", number);
    } else if (id > 14) {
      file.lower_bounds[id] = serialize_value(-1.0 / (number + id));
      file.upper_bounds[id] = serialize_value(1.0 * number * id);
    }
  }
  file.split_offsets = {4};
  return file;
}

std::vector<DataFile> data_files(int first, int count) {
  std::vector<DataFile> files;
  for (int i = 0; i < count; ++i) files.push_back(data_file(first + i));
  return files;
}

class LocalTable {
 public:
  LocalTable() {
    std::string pattern = (std::filesystem::temp_directory_path() / "iceberg_bench_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    catalog_ = check(SqliteCatalog::open(folder_ + "/catalog.db", {.create = true}));
    table =
        std::make_unique<Table>(check(Table::create(stores_, *catalog_, {.schema = schema(), .warehouse = folder_})));
  }
  ~LocalTable() { std::filesystem::remove_all(folder_); }

  void append(std::vector<DataFile> files) {
    Transaction change(*table);
    change.append(std::move(files));
    check(change.commit(*table));
  }

  std::unique_ptr<Table> table;

 private:
  std::string folder_;
  storage::Stores stores_{storage::StorageSettings{}};
  std::unique_ptr<SqliteCatalog> catalog_;
};

constexpr int kFiles = 12'000;

void commit_files(benchmark::State& state) {
  const auto files = data_files(0, static_cast<int>(state.range(0)));
  std::int64_t manifest_bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto local = std::make_unique<LocalTable>();
    auto copy = files;
    state.ResumeTiming();
    local->append(std::move(copy));
    state.PauseTiming();
    manifest_bytes = 0;
    for (const auto& manifest : check(local->table->manifests())) manifest_bytes += manifest.manifest_length;
    local.reset();
    state.ResumeTiming();
  }
  state.counters["bytes/file"] = static_cast<double>(manifest_bytes) / static_cast<double>(files.size());
}
BENCHMARK(commit_files)->Arg(kFiles)->Unit(benchmark::kMillisecond);

void list_files(benchmark::State& state) {
  LocalTable local;
  local.append(data_files(0, kFiles));
  for (auto _ : state) {
    std::int64_t rows = 0;
    check(local.table->list_files({.statistics = state.range(0) == 1}, [&](DataFile&& file) -> Status {
      rows += file.record_count;
      return {};
    }));
    benchmark::DoNotOptimize(rows);
  }
}
BENCHMARK(list_files)->ArgName("statistics")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

// One more file on a table of so many: the same cost, whatever their number. 250 commits pass over two merges.
void append_one(benchmark::State& state) {
  LocalTable local;
  for (int first = 0; first < state.range(0); first += kFiles) local.append(data_files(first, kFiles));
  int number = static_cast<int>(state.range(0));
  for (auto _ : state) local.append({data_file(++number)});
  state.counters["manifests"] = static_cast<double>(check(local.table->manifests()).size());
}
BENCHMARK(append_one)->ArgName("files")->Arg(kFiles)->Arg(10 * kFiles)->Iterations(250)->Unit(benchmark::kMillisecond);

// Ten files of one cell replaced: the one manifest that holds them is read and rewritten.
void overwrite_ten(benchmark::State& state) {
  LocalTable local;
  for (int first = 0; first < state.range(0); first += kFiles) local.append(data_files(first, kFiles));
  int number = 0;
  for (auto _ : state) {
    const auto old = data_files(40 * number++, 10);
    auto next = old;
    for (DataFile& file : next) file.file_path += ".new";
    Transaction change(*local.table);
    change.remove(old);
    change.append(std::move(next));
    check(change.commit(*local.table));
  }
}
BENCHMARK(overwrite_ten)
    ->ArgName("files")
    ->Arg(kFiles)
    ->Arg(10 * kFiles)
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace earthcatalog::iceberg
