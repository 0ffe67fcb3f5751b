// How fast made-up items come: their text alone, and as files in the temporary folder.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "earthcatalog/generate/generate.h"

namespace {

using namespace earthcatalog;

void make_items(benchmark::State& state) {
  const generate::ItemOptions options;
  std::string json;
  std::int64_t index = 0;
  for (auto _ : state) {
    json.clear();
    generate::append_json(generate::make_item(index++, options), options, json);
    benchmark::DoNotOptimize(json.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(make_items);

void write_folder(benchmark::State& state) {
  storage::Stores stores{storage::StorageSettings{}};
  const auto folder = std::filesystem::temp_directory_path() / "earthcatalog-generate-benchmark";
  generate::GenerateOptions options;
  options.out = folder.string();
  options.items = 50'000;
  for (auto _ : state) {
    if (auto report = generate::generate(stores, options); !report) {
      state.SkipWithError(report.error().message.c_str());
    }
    state.PauseTiming();
    std::filesystem::remove_all(folder);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * options.items);
}
BENCHMARK(write_folder)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace
