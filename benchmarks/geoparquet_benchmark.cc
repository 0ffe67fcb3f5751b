// What it costs to write GeoParquet files of a table with the 31 columns of ITS_LIVE: many small ones, larger ones.
#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "earthcatalog/geoparquet/writer.h"
#include "geoparquet/sample_rows.h"
#include "geoparquet/test_store.h"

namespace earthcatalog::geoparquet {
namespace {

void write_files(benchmark::State& state) {
  const std::int64_t rows = state.range(0);
  const auto writer = FileWriter::make(itslive_schema(), {.zstd_level = static_cast<int>(state.range(1))}).value();
  const auto batch = itslive_rows(rows);
  const auto store = std::make_shared<TestStore>();
  std::int64_t bytes = 0;
  for (auto _ : state) {
    store->objects.clear();  // a file is only created
    const auto file = writer.write({store, "file.parquet"}, {batch}, {"81063ffffffffff", 48});
    if (!file) {
      state.SkipWithError(file.error().message.c_str());
      return;
    }
    bytes = file->file_size_in_bytes;
  }
  state.counters["bytes_per_row"] = static_cast<double>(bytes) / static_cast<double>(rows);
  state.counters["us_per_row"] = benchmark::Counter(
      static_cast<double>(rows) / 1e6, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(write_files)
    ->ArgNames({"rows", "zstd"})
    ->Unit(benchmark::kMillisecond)
    ->ArgsProduct({{1, 12, 100, 1'000, 5'000, 25'000}, {1, 3}});

void make_writer(benchmark::State& state) {
  const iceberg::Schema schema = itslive_schema();
  for (auto _ : state) benchmark::DoNotOptimize(FileWriter::make(schema, {}));
}
BENCHMARK(make_writer)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace earthcatalog::geoparquet
