// What it costs to merge the files of one bucket, from Parquet to Parquet: rows of ITS_LIVE in sorted parts, all in
// memory (the store is in memory too); with too little memory for that, straight from the sorted parts; and with parts
// that are not in order, over a scratch file.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>

#include "earthcatalog/compact/partition_merge.h"
#include "earthcatalog/write/data_file_source.h"
#include "earthcatalog/write/remove_rows.h"
#include "earthcatalog/write/rolling_writer.h"
#include "geoparquet/sample_rows.h"

namespace earthcatalog::compact {
namespace {

const write::Partition kBucket{.cell = "81063ffffffffff", .year = 2018};

std::shared_ptr<arrow::RecordBatch> reversed(const std::shared_ptr<arrow::RecordBatch>& rows) {
  arrow::Int64Builder order;
  for (auto row = rows->num_rows(); row-- > 0;) (void)order.Append(row);
  return arrow::compute::Take(rows, order.Finish().ValueOrDie())->record_batch();
}

std::vector<iceberg::DataFile> write_parts(storage::Stores& stores, const geoparquet::FileWriter& writer,
                                           std::int64_t parts, std::int64_t rows, bool sorted) {
  std::vector<iceberg::DataFile> files;
  for (std::int64_t part = 0; part < parts; ++part) {
    const auto batch = geoparquet::itslive_rows(rows, static_cast<std::uint32_t>(part));
    const auto where = stores.locate(fmt::format("memory://w/part_{}.parquet", part)).value();
    files.push_back(writer.write(where, {sorted ? batch : reversed(batch)}, write::partition_key(kBucket)).value());
  }
  return files;
}

void merge_files(benchmark::State& state) {
  const std::int64_t parts = 100'000 / state.range(0);
  const bool sorted = state.range(2) != 0;
  storage::Stores stores({});
  const auto schema = geoparquet::itslive_schema();
  const auto writer = geoparquet::FileWriter::make(schema, {}).value();
  const auto files = write_parts(stores, writer, parts, state.range(0), sorted);
  compact::MergeCounts counts;
  for (auto _ : state) {
    std::vector<std::unique_ptr<write::RowSource>> sources;
    for (const auto& file : files) sources.push_back(std::make_unique<write::DataFileSource>(stores, file, nullptr));
    compact::PartitionMerge merge(schema, {.memory_limit_bytes = state.range(1) << 20});
    write::FileNames names("memory://w", "0123456789abcdef");
    auto status = merge.read(sources);
    write::RollingWriter out(stores, names, writer, write::partition_key(kBucket), {.rows = merge.rows()});
    if (status) status = merge.write([&](const auto& rows) { return out.append(rows); });
    if (!status || merge.rows() != 100'000) {
      state.SkipWithError(status ? "rows are missing" : status.error().message.c_str());
      return;
    }
    counts = merge.counts();
  }
  state.SetItemsProcessed(state.iterations() * 100'000);
  state.counters["runs"] = static_cast<double>(counts.runs);
  state.counters["sources_merged"] = static_cast<double>(counts.sources_merged);
}
BENCHMARK(merge_files)
    ->ArgNames({"rows_a_file", "limit_mib", "sorted"})
    ->Unit(benchmark::kMillisecond)
    ->Args({5'000, 2'048, 1})
    ->Args({25'000, 2'048, 1})
    ->Args({500, 2'048, 1})
    ->Args({5'000, 384, 1})
    ->Args({25'000, 384, 1})
    ->Args({5'000, 384, 0});

}  // namespace
}  // namespace earthcatalog::compact
