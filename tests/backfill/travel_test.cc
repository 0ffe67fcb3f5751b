// What passes through the scheduler of a cluster: specs and reports, in bytes a data file.
#include "backfill/phases_support.h"

namespace earthcatalog::backfill {
namespace {

class Travel : public testing::TestWithParam<Shape> {
 protected:
  // Runs a phase and counts what goes to its worker and back.
  nlohmann::json send(const char* phase, const nlohmann::json& spec) {
    const auto text = spec.dump();
    const auto report = run_phase(world_.stores, phase, text, {});
    EXPECT_TRUE(report) << phase << ": " << report.error().message;
    bytes_ += text.size() + report.value_or("").size();
    return nlohmann::json::parse(report.value_or("{}"));
  }

  World world_{GetParam()};
  std::size_t bytes_ = 0;
};

// Each item in a place of its own: no file has many rows.
TEST_P(Travel, TakesAtMost200BytesADataFile) {
  generate::GenerateOptions options{.items = 600};
  options.inventories = {.csv = true, .csv_gz = false, .parquet = false, .manifest = false};
  options.writers = 1;
  options.out = "memory://scattered";
  ASSERT_TRUE(generate::generate(world_.stores, options));
  RunSettings settings = World::settings("first");
  settings.inventory = "memory://scattered/inventory.csv";
  settings.source_root = "memory://scattered/";
  settings.chunk_size = 200;
  auto head = world_.head();
  head.store_tasks = true;
  const auto run = write_chunks(world_.stores, {.staging = head.staging, .settings = settings}, {});
  ASSERT_TRUE(run) << run.error().message;
  for (std::int64_t chunk = 0; chunk < run->chunks; ++chunk) {
    send("ingest_chunk", {{"staging", head.staging},
                          {"parts", head.parts},
                          {"chunk", chunk},
                          {"writer", "5f0c9b1e"},
                          {"source_root", settings.source_root},
                          {"counts_only", true}});
  }
  const auto plan = run_phase(world_.stores, "plan_compaction", to_json_text(head), {});
  ASSERT_TRUE(plan) << plan.error().message;
  const auto planned = nlohmann::json::parse(*plan);
  for (const auto& task : planned["tasks"]) send("compact_group", task);
  const auto done = register_and_cleanup(world_.stores, head, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->written_items, 600);
  ASSERT_GT(done->files, 300);
  EXPECT_GT(bytes_, static_cast<std::size_t>(done->files));
  EXPECT_LE(bytes_, static_cast<std::size_t>(200 * done->files)) << bytes_ << " bytes, " << done->files << " files";
  RecordProperty("bytes", std::to_string(bytes_));
  RecordProperty("data_files", std::to_string(done->files));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Travel, testing::Values(Shape::kStaged, Shape::kDirect), name_of);

}  // namespace
}  // namespace earthcatalog::backfill
