#include "earthcatalog/incremental/upsert_committer.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "earthcatalog/ingest/spread.h"
#include "earthcatalog/write/write_partitions.h"

namespace earthcatalog::incremental {
namespace {

constexpr int kCommitAttempts = 10;

void add_counts(ingest::Report& to, const ingest::Report& from) {
  to.written_items += from.written_items;
  to.superseded += from.superseded;
  to.rows += from.rows;
  to.files += from.files;
  to.bytes += from.bytes;
  to.replaced_rows += from.replaced_rows;
  to.rewritten_files += from.rewritten_files;
  to.item_dates_unparseable += from.item_dates_unparseable;
  to.undated += from.undated;
  to.unlocated += from.unlocated;
  to.cells.insert(from.cells.begin(), from.cells.end());
  to.years.insert(from.years.begin(), from.years.end());
  for (const auto& [cells, items] : from.fan_out_distribution) to.fan_out_distribution[cells] += items;
}

Error cannot_decide_again(const Error& conflict) {
  return {ErrorKind::kConflict,
          fmt::format("{}; this run's items are in files by now and cannot be compared with that: nothing of it is "
                      "committed. Run again",
                      conflict.message)};
}

}  // namespace

UpsertCommitter::UpsertCommitter(storage::Stores& stores, catalog::Catalog* catalog, const grid::Partitioner& grid,
                                 ingest::StartSchema& schema, FlushOptions options, ingest::Report& report)
    : stores_(stores),
      catalog_(catalog),
      grid_(grid),
      schema_(schema),
      options_(std::move(options)),
      report_(report),
      names_(catalog != nullptr ? catalog->warehouse() : std::string(), report.run_id) {
  remember_index();
  forget_staged();
}

index::ObjectIndex UpsertCommitter::index() const {
  const MutexLock lock(index_mutex_);
  return *index_;
}

void UpsertCommitter::remember_index() {
  const MutexLock lock(index_mutex_);
  index_ = catalog_ != nullptr ? catalog_->index() : index::ObjectIndex::open(stores_, {}, {});
}

Status UpsertCommitter::stage(std::vector<std::unique_ptr<ingest::ChunkPart>> parts) {
  for (const auto& part : parts) {
    if (part) std::ranges::move(part->rejected, std::back_inserter(rejected_));
  }
  std::erase_if(parts, [](const auto& part) { return !part || part->items.empty(); });
  return parts.empty() ? Status{} : stage_parts(std::move(parts));
}

Status UpsertCommitter::stage_parts(std::vector<std::unique_ptr<ingest::ChunkPart>> parts) {
  Input input{.parts = std::move(parts), .batches = {}, .schema = {}};
  EC_TRY(choose_schema(input));
  for (auto& part : input.parts) {
    EC_ASSIGN_OR_RETURN(auto batch, part->batch.finish(*input.schema));
    input.batches.push_back(std::move(batch));
  }
  const bool first = !staged_items_;
  EC_TRY(stage_input(input));
  // With --batch-add-files the items would pile up for the whole run: a lost race is final there.
  input_.reset();
  if (first) input_ = std::move(input);
  return {};
}

// The table's columns and one for each property that these items bring along.
Status UpsertCommitter::choose_schema(Input& input) {
  if (schema_.undecided()) {
    const bool itslive = std::ranges::all_of(input.parts, [](const auto& part) { return part->all_itslive; });
    const auto kind = itslive ? stac::SchemaKind::kItslive : stac::SchemaKind::kAuto;
    if (catalog_ != nullptr) catalog_->set_schema_kind(kind);
    schema_.decide(std::make_shared<const stac::ItemSchema>(stac::initial_schema(kind)));
  }
  auto schema = schema_.get();
  for (auto& part : input.parts) {
    // Items that came before the first one of another collection.
    if (part->schema->kind != schema->kind) EC_TRY(ingest::reparse_as_auto(*part));
  }
  if (schema->kind == stac::SchemaKind::kAuto) {
    stac::ObservedProperties observed;
    for (const auto& part : input.parts) {
      for (const auto& [name, kinds] : part->batch.observed()) observed[name].merge(kinds);
    }
    schema = std::make_shared<const stac::ItemSchema>(stac::evolve(*schema, observed, options_.max_columns));
    schema_.decide(schema);
  }
  input.schema = schema;
  staged_schema_ = schema;
  return {};
}

Status UpsertCommitter::stage_input(const Input& input) {
  EC_ASSIGN_OR_RETURN(auto decision, ingest::decide(input.parts, grid_, *objects_));
  staged_items_ = true;
  look_at_spread(input, decision);
  if (!options_.dry_run) {
    EC_ASSIGN_OR_RETURN(auto schema, catalog_->plan_schema(*input.schema));
    EC_ASSIGN_OR_RETURN(const auto writer, write::PartitionWriters::make(std::move(schema)));
    EC_TRY(stage_removals(decision.removals, writer));
    EC_TRY(stage_rows(input, decision, writer));
  }
  count(input, decision);
  record(std::move(decision));
  return {};
}

void UpsertCommitter::record(ingest::Decision decision) {
  more_items_ += decision.more_items;
  for (const Hash128& object : decision.forgotten) objects_->forget(object);
  for (auto& entry : decision.entries) objects_->record(std::move(entry));
  for (const auto& [partition, identities] : decision.removals) displaced_.insert(identities.begin(), identities.end());
}

// Rows that an earlier version of such an object brought stay until a version that is an Item replaces it.
Status UpsertCommitter::record_rejected() {
  std::map<Hash128, index::ObjectEntry> entries;
  std::vector<index::Holding> now;
  for (const auto& object : rejected_) {
    auto entry = index::entry_of(object);
    now.push_back({.object = entry.object, .identity = {}});
    entries.insert_or_assign(entry.object, std::move(entry));
  }
  EC_ASSIGN_OR_RETURN(auto owners, objects_->find_moved(now));
  for (auto& owner : owners) {
    auto& entry = entries.at(owner.object);
    owner.etag = std::move(entry.etag);
    owner.last_modified = entry.last_modified;
    owner.size_bytes = entry.size_bytes;
    entry = std::move(owner);
  }
  for (auto& [object, entry] : entries) objects_->record(std::move(entry));
  return {};
}

Status UpsertCommitter::stage_removals(const write::Removals& removals, const write::PartitionWriters& writer) {
  if (removals.empty()) return {};
  std::vector<iceberg::DataFile> files;
  if (catalog_->has_table()) {
    EC_ASSIGN_OR_RETURN(files, write::files_of(catalog_->table(), removals));
    std::erase_if(files, [&](const auto& file) { return removed_.contains(file.file_path); });
  }
  for (const auto& [path, file] : added_) files.push_back(file);
  EC_ASSIGN_OR_RETURN(auto rewritten, write::remove_rows(stores_, files, removals, names_, writer, options_.parallel));
  for (auto& file : rewritten.removed) {
    // A file of an earlier stage was never visible: it need not be removed from the table.
    if (added_.erase(file.file_path) == 0) removed_.emplace(file.file_path, file);
  }
  for (auto& file : rewritten.added) added_.emplace(file.file_path, file);
  counts_.replaced_rows += rewritten.rows_removed;
  counts_.rewritten_files += static_cast<std::int64_t>(rewritten.removed.size());
  return {};
}

Status UpsertCommitter::stage_rows(const Input& input, const ingest::Decision& decision,
                                   const write::PartitionWriters& writer) {
  auto [rows, bounds] = ingest::rows_of(input.parts, decision.winners);
  EC_ASSIGN_OR_RETURN(const auto cutter,
                      write::RowPartitioner::make(input.schema, input.batches, std::move(rows), std::move(bounds)));
  EC_ASSIGN_OR_RETURN(auto written,
                      write::write_partitions(
                          stores_, cutter, writer,
                          {.partition_of = [&](const write::CellYear& key) { return write::partition_of(grid_, key); },
                           .next_uri = [&](const write::Partition& partition) { return names_.next(partition); },
                           .most_rows = options_.compact_rows,
                           .parallel = options_.parallel,
                           .progress = options_.progress}));
  for (auto& [file, primaries] : written) {
    auto path = file.file_path;
    added_.emplace(std::move(path), std::move(file));
  }
  return {};
}

// A dry run flushes as a run would: what it counts is what would be written, but for the bytes and for files that an
// earlier flush of the same commit has begun.
void UpsertCommitter::look_at_spread(const Input& input, const ingest::Decision& decision) {
  if (warned_ && !options_.dry_run) return;
  const auto spread = ingest::spread_of(input.parts, decision.winners, options_.compact_rows);
  if (options_.dry_run) {
    counts_.files += spread.files;
    counts_.bytes += ingest::estimate_bytes(spread);
  }
  auto warning = warned_ ? std::nullopt : ingest::warning_of(spread);
  if (!warning) return;
  warned_ = true;
  if (options_.warn) options_.warn(*std::move(warning));
}

void UpsertCommitter::count(const Input& input, const ingest::Decision& decision) {
  counts_.superseded += decision.superseded;
  for (const ingest::ItemAddress& at : decision.winners) {
    const ingest::ChunkPart& part = *input.parts[at.part];
    const ingest::ItemRecord& item = part.items[at.item];
    ++counts_.written_items;
    counts_.rows += item.cell_count;
    ++counts_.fan_out_distribution[item.cell_count];
    counts_.undated += item.year == write::kUnknownYear ? 1 : 0;
    counts_.unlocated += part.cells[item.first_cell] == grid::kNoCell ? 1 : 0;
    counts_.item_dates_unparseable += item.undatable ? 1 : 0;
    if (item.year != write::kUnknownYear) counts_.years.insert(item.year);
    for (std::uint32_t c = 0; c < item.cell_count; ++c) {
      counts_.cells.insert(grid_.name(part.cells[item.first_cell + c]));
    }
  }
}

catalog::CommitRequest UpsertCommitter::make_request() {
  catalog::CommitRequest request;
  for (const auto& [path, file] : added_) request.added.push_back(file);
  for (const auto& [path, file] : removed_) request.removed.push_back(file);
  request.objects = objects_->take_changes();
  request.objects.more_items = more_items_;
  request.displaced.assign(displaced_.begin(), displaced_.end());
  request.summary = options_.summary;
  request.summary["earthcatalog.written-items"] = std::to_string(counts_.written_items);
  request.summary["earthcatalog.superseded-items"] = std::to_string(counts_.superseded);
  request.summary["earthcatalog.replaced-rows"] = std::to_string(counts_.replaced_rows);
  return request;
}

void UpsertCommitter::forget_staged() {
  staged_items_ = false;
  input_.reset();
  added_.clear();
  removed_.clear();
  objects_.emplace(index());
  displaced_.clear();
  more_items_ = 0;
  counts_ = ingest::Report{};
}

// Stages again what was staged, on the state that another writer left.
Status UpsertCommitter::stage_again() {
  EC_TRY(catalog_->refresh());
  remember_index();
  auto input = std::exchange(input_, std::nullopt);
  forget_staged();
  if (!input) return {};
  EC_TRY(stage_input(*input));
  input_ = std::move(input);
  return {};
}

Status UpsertCommitter::commit() {
  // No table is made for objects that hold no Item.
  const bool has_table = catalog_ != nullptr && catalog_->has_table();
  if (!staged_items_ && !has_table) rejected_.clear();
  if (!has_staged()) return {};
  for (int attempt = 1; !options_.dry_run; ++attempt) {
    EC_TRY(record_rejected());
    auto request = make_request();
    if (staged_schema_) {
      EC_ASSIGN_OR_RETURN(request.schema, catalog_->plan_schema(*staged_schema_));
    }
    const auto outcome = catalog_->commit(request);
    if (outcome) {
      report_.snapshot_id = outcome->snapshot_id ? outcome->snapshot_id : report_.snapshot_id;
      ++report_.commits;
      break;
    }
    // Any other error leaves open whether the table names the new files: they stay, and `expire` removes what it does
    // not name.
    if (outcome.error().kind != ErrorKind::kConflict) return std::unexpected(outcome.error());
    write::discard_files(stores_, request.added);
    if (staged_items_ && !input_) return std::unexpected(cannot_decide_again(outcome.error()));
    if (attempt == kCommitAttempts) return std::unexpected(outcome.error());
    EC_TRY(stage_again());
  }
  if (!options_.dry_run) counts_.files = std::ssize(added_);
  for (const auto& [path, file] : added_) counts_.bytes += file.file_size_in_bytes;
  add_counts(report_, counts_);
  rejected_.clear();
  remember_index();
  forget_staged();
  return {};
}

}  // namespace earthcatalog::incremental
