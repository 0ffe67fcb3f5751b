// Item bytes to Arrow columns, one core. Items are those of tests/data/stac: run from the source root.
#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>

#include <fstream>
#include <sstream>

#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::stac {
namespace {

constexpr std::size_t kBatchRows = 20'000;

std::string read_item(const std::string& name) {
  std::ifstream file("tests/data/stac/" + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  std::string json = text.str();
  json.reserve(json.size() + 64);
  return json;
}

// Copies of one item with other ids, so that the bytes come from beyond the first cache levels.
std::vector<std::string> copies_of(const std::string& json, std::size_t count) {
  std::vector<std::string> items;
  const std::size_t id = json.find("\"id\": \"") + 7;
  for (std::size_t i = 0; i < count; ++i) {
    std::string& copy = items.emplace_back();
    copy.reserve(json.size() + 64);
    copy = json;
    copy.replace(id, 4, fmt::format("{:04}", i));
  }
  return items;
}

void parse_items(benchmark::State& state, const std::string& name, SchemaKind kind) {
  const std::string json = read_item(name);
  if (json.empty()) return state.SkipWithError("no tests/data/stac here; run from the source root");
  const auto items = copies_of(json, 1000);
  ItemSchema schema = initial_schema(kind);
  {
    ItemParser parser;
    ItemBatch batch(std::make_shared<const ItemSchema>(schema));
    if (!parser.append(items[0], batch)) return state.SkipWithError("not an item");
    schema = evolve(schema, batch.observed(), 400);
  }
  const auto shared = std::make_shared<const ItemSchema>(schema);
  ItemParser parser;
  auto batch = std::make_unique<ItemBatch>(shared);
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(parser.append(items[next], *batch));
    if (++next == items.size()) next = 0;
    if (batch->size() == kBatchRows) {
      benchmark::DoNotOptimize(batch->finish(schema));
      batch = std::make_unique<ItemBatch>(shared);
    }
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}

void parse_without_columns(benchmark::State& state, const std::string& name) {
  const auto items = copies_of(read_item(name), 1000);
  const ItemSchema schema = initial_schema(SchemaKind::kAuto);
  const auto shared = std::make_shared<const ItemSchema>(schema);
  ItemParser parser;
  auto batch = std::make_unique<ItemBatch>(shared);
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(parser.append(items[next], *batch));
    if (++next == items.size()) next = 0;
    if (batch->size() == kBatchRows) {
      benchmark::DoNotOptimize(batch->finish(evolve(schema, batch->observed(), 400)));
      batch = std::make_unique<ItemBatch>(shared);
    }
  }
  state.SetItemsProcessed(state.iterations());
}

void write_items(benchmark::State& state, const std::string& name) {
  const std::string json = read_item(name);
  ItemParser parser;
  const auto schema = std::make_shared<const ItemSchema>(initial_schema(SchemaKind::kItslive));
  ItemBatch batch(schema);
  if (!parser.append(json, batch)) return state.SkipWithError("not an item");
  const ItemWriter writer(*batch.finish(*schema));
  std::string out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(writer.append_json(0, out));
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(parse_items, itslive_5kB, "itslive-0.json", SchemaKind::kItslive);
BENCHMARK_CAPTURE(parse_items, itslive_5kB_auto, "itslive-0.json", SchemaKind::kAuto);
BENCHMARK_CAPTURE(parse_items, naip_4kB_auto, "naip.json", SchemaKind::kAuto);
BENCHMARK_CAPTURE(parse_items, sentinel2_24kB_auto, "sentinel-2-l2a.json", SchemaKind::kAuto);
BENCHMARK_CAPTURE(parse_items, landsat_35kB_auto, "landsat-c2-l2.json", SchemaKind::kAuto);
BENCHMARK_CAPTURE(parse_without_columns, itslive_5kB_first_commit, "itslive-0.json");
BENCHMARK_CAPTURE(write_items, itslive_5kB, "itslive-0.json");

}  // namespace
}  // namespace earthcatalog::stac
