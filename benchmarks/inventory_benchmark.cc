// How fast inventories are read, rows a second on one core, and items passed over as fast as items kept. The files are
// made once, in the temporary folder, by the generator: half a million rows, of which a quarter are items.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "earthcatalog/generate/generate.h"
#include "earthcatalog/inventory/inventory.h"

namespace {

using namespace earthcatalog;

struct Archive {
  storage::Stores stores{storage::StorageSettings{}};
  std::filesystem::path folder = std::filesystem::temp_directory_path() / "earthcatalog-inventory-benchmark";

  Archive() {
    generate::GenerateOptions options;
    options.out = folder.string();
    options.items = 125'000;
    options.sidecar_rows = 3;
    options.write_objects = false;
    if (auto report = generate::generate(stores, options); !report) {
      fmt::print(stderr, "{}\n", report.error().message);
      std::exit(1);
    }
  }
  ~Archive() { std::filesystem::remove_all(folder); }
};

void read(benchmark::State& state, const char* name, const inventory::InventoryOptions& options) {
  static Archive archive;
  std::int64_t rows = 0;
  for (auto _ : state) {
    auto inventory = inventory::open_inventory(archive.stores, (archive.folder / name).string(), options);
    if (!inventory) return state.SkipWithError(inventory.error().message.c_str());
    std::vector<storage::ObjectRef> batch;
    do {
      if (auto status = (*inventory)->next(batch, 1024); !status) {
        return state.SkipWithError(status.error().message.c_str());
      }
      benchmark::DoNotOptimize(batch.data());
    } while (!batch.empty());
    rows += (*inventory)->counts().rows;
  }
  state.counters["rows/s"] = benchmark::Counter(static_cast<double>(rows), benchmark::Counter::kIsRate);
}

const inventory::InventoryOptions kItems;
const inventory::InventoryOptions kEveryRow{.suffix = ""};
const inventory::InventoryOptions kNewest{.since = 4'000'000'000 * kMicrosPerSecond};

BENCHMARK_CAPTURE(read, csv, "inventory.csv", kItems)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, csv_every_row, "inventory.csv", kEveryRow)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, csv_gz_of_aws, "inventory.csv.gz", kItems)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, parquet, "inventory.parquet", kItems)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, parquet_every_row, "inventory.parquet", kEveryRow)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, parquet_nothing_new, "inventory.parquet", kNewest)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, manifest, "inventory/manifest.json", kItems)->Unit(benchmark::kMillisecond);

}  // namespace
