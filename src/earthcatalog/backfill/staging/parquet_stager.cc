#include <arrow/record_batch.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "earthcatalog/backfill/phases/chunk_stager.h"
#include "earthcatalog/backfill/staging/file_list.h"
#include "earthcatalog/base/together.h"
#include "earthcatalog/ingest/item_rows.h"
#include "earthcatalog/write/partition_writers.h"
#include "earthcatalog/write/write_partitions.h"

namespace earthcatalog::backfill {
namespace {

// Sorted data files (parts) of each partition, spill by spill, with a manifest and a run of entries for each spill.
class ParquetStager final : public ChunkStager {
 public:
  explicit ParquetStager(const StagerContext& context) : ChunkStager(context) {}

  bool needs_text() const override { return false; }
  Result<std::unique_ptr<ingest::StartSchema>> start_schema() const override;
  Status write(ChunkParts parts, bool is_last) override;
  std::string marker() const override;

 private:
  std::vector<ingest::ItemAddress> choose(const ChunkParts& parts);
  Result<std::shared_ptr<const stac::ItemSchema>> choose_schema(ChunkParts& parts);

  int spills_ = 0;
};

// The schema that the table will most likely have.
Result<std::unique_ptr<ingest::StartSchema>> ParquetStager::start_schema() const {
  const auto start = [](stac::ItemSchema schema, bool undecided) {
    return std::make_unique<ingest::StartSchema>(std::make_shared<const stac::ItemSchema>(std::move(schema)),
                                                 undecided);
  };
  const auto& table = context_.spec.schema;
  if (table.kind.empty()) return start(stac::initial_schema(stac::SchemaKind::kItslive), true);
  EC_ASSIGN_OR_RETURN(auto schema, item_schema(table));
  return start(std::move(schema), false);
}

// Of the spill's items, of each the newest version; the entries of all.
std::vector<ingest::ItemAddress> ParquetStager::choose(const ChunkParts& parts) {
  std::unordered_map<Hash128, std::size_t> newest;  // number of the entry
  std::vector<ingest::ItemAddress> addresses;
  for (std::uint32_t p = 0; p < parts.size(); ++p) {
    for (std::uint32_t i = 0; i < parts[p]->items.size(); ++i) {
      addresses.push_back({p, i});
      const auto& entry = entries_.emplace_back(ingest::entry_of(*parts[p], parts[p]->items[i], context_.grid));
      const auto [at, is_new] = newest.try_emplace(entry.identity, entries_.size() - 1);
      if (!is_new && index::newer(entry, entries_[at->second])) at->second = entries_.size() - 1;
    }
  }
  std::vector<ingest::ItemAddress> chosen;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (newest.at(entries_[i].identity) == i) {
      chosen.push_back(addresses[i]);
      context_.record.items.add(entries_[i], 1);
    } else {
      entries_[i].cells.clear();
      ++context_.record.superseded;
      --context_.record.staged_items;
    }
  }
  return chosen;
}

Status ParquetStager::write(ChunkParts parts, bool) {
  if (parts.empty()) return {};
  const auto items = choose(parts);
  EC_ASSIGN_OR_RETURN(const auto schema, choose_schema(parts));
  const auto columns = part_schema(context_.spec.schema, *schema);
  EC_ASSIGN_OR_RETURN(auto table_schema, iceberg_schema(columns));
  EC_ASSIGN_OR_RETURN(const auto writer, write::PartitionWriters::make(std::move(table_schema)));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (const auto& part : parts) {
    EC_ASSIGN_OR_RETURN(auto batch, part->batch.finish(*schema));
    batches.push_back(std::move(batch));
  }
  auto [rows, bounds] = ingest::rows_of(parts, items);
  EC_ASSIGN_OR_RETURN(const auto cutter,
                      write::RowPartitioner::make(schema, std::move(batches), std::move(rows), std::move(bounds)));
  const int spill = spills_++;
  std::mutex mutex;
  std::map<std::string, FileNumber> numbers;  // of a part, by its URI
  std::map<write::Partition, int> used;
  const auto next_uri = [&](const write::Partition& partition) {
    const std::lock_guard lock(mutex);
    const FileNumber number{.spill = spill, .file = used[partition]++};
    auto uri = context_.staging.rows(partition, at(), number);
    numbers[uri] = number;
    return uri;
  };
  EC_ASSIGN_OR_RETURN(
      const auto files,
      write::write_partitions(context_.stores, cutter, writer,
                              {.partition_of = [&](const auto& key) { return write::partition_of(context_.grid, key); },
                               .next_uri = next_uri,
                               .parallel = parallel()}));
  for (const auto& [file, primaries] : files) {
    context_.record.rows += file.record_count;
    context_.record.files.push_back({.partition = write::partition_of(file.partition),
                                     .number = numbers.at(file.file_path),
                                     .rows = file.record_count,
                                     .bytes = file.file_size_in_bytes,
                                     .items = primaries});
  }
  FileList list;
  for (const auto& written : files) list.added.push_back(written.file);
  EC_ASSIGN_OR_RETURN(const auto manifest, write_file_list(columns, list));
  context_.record.schemas.push_back(columns);
  return together({[&] { return context_.staging.write(context_.staging.part_files({at(), spill}), manifest); },
                   [&] { return write_entries(); }});
}

Result<std::shared_ptr<const stac::ItemSchema>> ParquetStager::choose_schema(ChunkParts& parts) {
  stac::ItemSchema schema;
  if (context_.spec.schema.kind.empty()) {
    const bool itslive = std::ranges::all_of(parts, [](const auto& part) { return part->all_itslive; });
    schema = stac::initial_schema(itslive ? stac::SchemaKind::kItslive : stac::SchemaKind::kAuto);
  } else {
    EC_ASSIGN_OR_RETURN(schema, item_schema(context_.spec.schema));
  }
  stac::ObservedProperties observed;
  for (const auto& part : parts) {
    if (part->schema->kind != schema.kind) EC_TRY(reparse_as_auto(*part));
    for (const auto& [name, kinds] : part->batch.observed()) observed[name].merge(kinds);
  }
  for (const auto& [name, kinds] : observed) context_.record.observed[name].merge(kinds);
  if (schema.kind == stac::SchemaKind::kAuto) {
    schema = stac::evolve(schema, observed, static_cast<std::size_t>(context_.spec.max_columns));
  }
  return std::make_shared<const stac::ItemSchema>(std::move(schema));
}

// With what the Python system's `ingest_stats.json` says.
std::string ParquetStager::marker() const {
  nlohmann::json json = context_.record;
  const auto& settings = context_.run.settings;
  std::set<std::string> cells, years;
  for (const auto& file : context_.record.files) {
    cells.insert(file.partition.cell);
    years.insert(write::year_name(file.partition.year));
  }
  json["part_files"] = part_files(context_.staging, context_.record);
  json["run_id"] = context_.staging.root().substr(context_.staging.root().rfind('/') + 1);
  json["inventory"] = settings.inventory;
  json["inventory_file"] = context_.staging.chunk(at());
  json["since"] = settings.since ? nlohmann::json(format_time(*settings.since)) : nlohmann::json();
  json["h3_resolution"] = context_.spec.grid_type == "h3" ? nlohmann::json(context_.spec.resolution) : nlohmann::json();
  json["total_rows"] = context_.record.rows;
  json["unique_cells"] = cells.size();
  json["unique_years"] = years.size();
  json["files_written"] = context_.record.files.size();
  const auto per_item = [&](std::int64_t n) {
    return context_.record.source_items == 0
               ? 0.0
               : static_cast<double>(n) / static_cast<double>(context_.record.source_items);
  };
  json["avg_fan_out"] = per_item(context_.record.rows);
  json["overhead_pct"] = 100 * per_item(context_.record.rows - context_.record.source_items);
  json["fan_out_distribution"] = nlohmann::json::object();
  for (const auto& [fan_out, items] : context_.record.items.fan_out) {
    json["fan_out_distribution"][std::to_string(fan_out)] = items;
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::unique_ptr<ChunkStager> make_parquet_stager(const StagerContext& context) {
  return std::make_unique<ParquetStager>(context);
}

}  // namespace earthcatalog::backfill
