#include "earthcatalog/backfill/phases/write_chunks.h"

#include <algorithm>
#include <functional>
#include <iterator>

#include "earthcatalog/backfill/phases/rest_of_listing.h"
#include "earthcatalog/backfill/staging/object_list.h"
#include "earthcatalog/backfill/stop.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/base/together.h"
#include "earthcatalog/catalog/unfinished_run.h"

namespace earthcatalog::backfill {
namespace {

constexpr int kMostWrittenAtOnce = 64;

Status skip(inventory::Inventory& inventory, std::int64_t items, const Hooks& hooks) {
  constexpr std::int64_t kMost = 10'000;
  std::vector<storage::ObjectRef> objects;
  while (items > 0) {
    EC_TRY(check_stop(hooks));
    EC_TRY(inventory.next(objects, static_cast<std::size_t>(std::min(items, kMost))));
    if (objects.empty()) return fail(ErrorKind::kInvalidData, "the inventory has fewer keys than when it was cut");
    items -= static_cast<std::int64_t>(objects.size());
  }
  return {};
}

// A chunk that a killed run with the same limit left is the same: both cut the same inventory at the same places. With
// another limit its last chunk may be shorter.
Status write_chunk(const Staging& staging, std::int64_t number, std::span<const storage::ObjectRef> objects,
                   bool keep) {
  EC_ASSIGN_OR_RETURN(const auto where, staging.stores().locate(staging.chunk({number, 0})));
  if (keep) {
    EC_ASSIGN_OR_RETURN(const auto present, where.store->head(where.key));
    if (present) return {};
  }
  return write_objects(where, objects);
}

using Next = std::function<Status(std::vector<storage::ObjectRef>&, std::size_t most)>;

struct Cutting {
  const Staging& staging;
  const Hooks& hooks;
  int write_concurrency;
  bool keep;  // chunks that are there
};

// `next` gives the objects that are in no chunk yet.
Status cut(const Next& next, const Cutting& how, RunRecord& record) {
  const auto& settings = record.settings;
  const auto& limit = settings.limit;
  const auto at_once = static_cast<std::size_t>(std::clamp(how.write_concurrency, 1, kMostWrittenAtOnce));
  std::vector<std::vector<storage::ObjectRef>> chunks(at_once);
  std::size_t filled = chunks.size();
  while (filled == chunks.size()) {
    EC_TRY(check_stop(how.hooks));
    std::int64_t items = record.items;
    for (filled = 0; filled < chunks.size() && (!limit || items < *limit); ++filled) {
      const auto most = limit ? std::min(settings.chunk_size, *limit - items) : settings.chunk_size;
      EC_TRY(next(chunks[filled], static_cast<std::size_t>(most)));
      if (chunks[filled].empty()) break;
      items += std::ssize(chunks[filled]);
    }
    EC_TRY(parallel_for(filled, at_once, [&](std::size_t i) {
      return write_chunk(how.staging, record.chunks + static_cast<std::int64_t>(i), chunks[i], how.keep);
    }));
    record.chunks += static_cast<std::int64_t>(filled);
    record.items = items;
    if (how.hooks.progress) how.hooks.progress({.settled = items, .stage = "inventory", .unit = "keys"});
  }
  return {};
}

Status cut(inventory::Inventory& inventory, Cutting how, RunRecord& record) {
  if (record.settings.is_listing()) {
    EC_ASSIGN_OR_RETURN(const auto rest, RestOfListing::make(how.staging, record, how.keep));
    how.keep = false;
    return cut([&](auto& objects, std::size_t most) { return rest.next(inventory, objects, most); }, how, record);
  }
  EC_TRY(skip(inventory, record.items, how.hooks));
  return cut([&](auto& objects, std::size_t most) { return inventory.next(objects, most); }, how, record);
}

void note_counts(const inventory::InventoryCounts& counts, RunRecord& record) {
  record.inventory_rows = counts.rows - counts.items + record.items;  // a listing may have lost some of those since
  record.skipped_suffix = counts.skipped_suffix;
  record.skipped_since = counts.skipped_since;
  record.skipped_versions = counts.skipped_versions;
  record.inventory_dates_unparseable = counts.dates_unparseable;
}

}  // namespace

Result<std::optional<RunRecord>> read_run_record(const Staging& staging) {
  EC_ASSIGN_OR_RETURN(const auto text, staging.read(staging.run_record()));
  if (!text) return std::nullopt;
  auto record = parse_json<RunRecord>(*text, staging.run_record());
  if (record) return std::move(*record);
  return fail(record.error().kind, "{}; begin the backfill anew with `restart`", record.error().message);
}

Status claim_place(storage::Stores& stores, const catalog::RunPlace& place) {
  EC_ASSIGN_OR_RETURN(const auto claimed, catalog::read_unfinished_run(stores, place.warehouse));
  if (claimed && *claimed != place.run_id) {
    const Staging other(stores, catalog::run_folder(place.warehouse, *claimed));
    EC_ASSIGN_OR_RETURN(const bool unfinished, other.exists(other.run_record()));
    if (!unfinished) EC_TRY(catalog::release_unfinished_run(stores, place.warehouse, *claimed));
  }
  return catalog::claim_unfinished_run(stores, place.warehouse, place.run_id);
}

Result<RunRecord> write_chunks(storage::Stores& stores, const WriteChunksSpec& spec, const Hooks& hooks) {
  EC_ASSIGN_OR_RETURN(const auto before, read_run_record(Staging(stores, spec.staging)));
  return write_chunks_after(stores, spec, before, hooks);
}

Result<RunRecord> write_chunks_after(storage::Stores& stores, const WriteChunksSpec& spec,
                                     const std::optional<RunRecord>& before, const Hooks& hooks) {
  const Staging staging(stores, spec.staging);
  RunRecord record = before.value_or(RunRecord{.started = system_now()});
  const auto old_limit = record.settings.limit;
  RunSettings settings = spec.settings;
  if (settings.limit == 0) settings.limit.reset();
  if (before && before->settings.since_text == settings.since_text) settings.since = before->settings.since;
  // The direct shape: from here on `expire` leaves the run's parts alone.
  const auto run = before && before->committed_snapshot ? std::nullopt : catalog::place_of_run(spec.staging);
  if (run) EC_TRY(claim_place(stores, *run));
  if (settings.chunk_size <= 0) return fail(ErrorKind::kInvalidArgument, "`chunk_size` must be positive");
  auto options = settings.inventory_options();
  options.limit.reset();  // counted by what is in chunks
  EC_ASSIGN_OR_RETURN(const auto inventory, inventory::open_inventory(stores, settings.inventory, options));
  settings.inventory_identity = inventory->identity();
  if (before) EC_TRY(annotate(check_same(before->settings, settings), spec.staging));
  record.settings = settings;
  if (record.complete && old_limit == settings.limit) return record;

  record.complete = false;
  const auto begun = to_json_text(record);
  const auto status = together({[&] { return staging.write(staging.run_record(), begun); },
                                [&] {
                                  const bool keep = before && old_limit == settings.limit;
                                  return cut(*inventory, {staging, hooks, spec.write_concurrency, keep}, record);
                                }});
  // A mistake in the settings must not stand in the way of the next run.
  if (!status && !before && record.chunks == 0) EC_TRY(staging.remove(staging.run_record()));
  EC_TRY(status);
  note_counts(inventory->counts(), record);
  record.complete = true;
  EC_TRY(staging.write(staging.run_record(), to_json_text(record)));
  return record;
}

}  // namespace earthcatalog::backfill
