#include "earthcatalog/incremental/delta.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/incremental/delta_objects.h"
#include "earthcatalog/incremental/pending_deltas.h"

namespace earthcatalog::incremental {
namespace {

using catalog::Catalog;
using catalog::OpenMode;

constexpr int kDeleteAttempts = 10;

// One call of run_delta().
class Delta {
 public:
  Delta(storage::Stores& stores, const DeltaSpec& spec, const Hooks& hooks, DeltaReport& report)
      : stores_(stores), spec_(spec), hooks_(hooks), report_(report) {}

  Status run();

 private:
  Result<std::unique_ptr<Catalog>> open(OpenMode mode) const;
  Result<bool> is_of_all_objects() const;
  Status look_for_removed();
  Status delete_removed(Catalog& catalog, const ListedObjects& listed);
  Status check_share(const RemovedObjects& removed) const;
  Result<std::unique_ptr<Catalog>> open_to_take_up(const std::string& warehouse) const;
  Status find_new(const Catalog& catalog, bool locked);
  Status ingest(Catalog& catalog);
  std::string hash_index_of(const Catalog& catalog) const;

  storage::Stores& stores_;
  const DeltaSpec& spec_;
  const Hooks& hooks_;
  DeltaReport& report_;
};

Result<std::unique_ptr<Catalog>> Delta::open(OpenMode mode) const {
  auto options = spec_.catalog;
  options.mode = mode;
  return Catalog::open(stores_, options);
}

Status Delta::run() {
  report_.run_id = spec_.catalog.run_id;
  // Read first: a mistyped name must not leave a catalog or a lock behind.
  EC_ASSIGN_OR_RETURN(const auto reading, open(OpenMode::kRead));
  report_.warehouse = reading->warehouse();
  EC_ASSIGN_OR_RETURN(const bool all, is_of_all_objects());
  if (spec_.delete_removed && !all) {
    return fail(ErrorKind::kInvalidArgument,
                "`delete_removed` needs a list of all objects: no `since`, no `limit`, no problems file");
  }
  if (all) EC_TRY(look_for_removed());
  EC_ASSIGN_OR_RETURN(auto catalog, open_to_take_up(reading->warehouse()));
  const bool locked = catalog != nullptr;
  if (!locked) {
    EC_ASSIGN_OR_RETURN(catalog, open(OpenMode::kRead));
  }
  auto status = find_new(*catalog, locked);
  if (status && spec_.ingest) status = ingest(*catalog);
  if (auto closed = catalog->close(); status && !closed) status = closed;
  return status;
}

// Under the lock, which whoever takes up pending inventories holds until the last of them is removed. Nothing when
// there is none to take up, or no lock to be had and nothing that cannot be done without.
Result<std::unique_ptr<Catalog>> Delta::open_to_take_up(const std::string& warehouse) const {
  if (!spec_.ingest) {
    if (!spec_.out.empty()) return nullptr;
    EC_ASSIGN_OR_RETURN(const auto pending, list_pending_deltas(stores_, warehouse));
    if (pending.empty()) return nullptr;
  }
  auto options = spec_.ingest ? spec_.ingest->catalog : spec_.catalog;
  options.mode = OpenMode::kWrite;
  if (!options.default_resolution) options.default_resolution = 1;
  auto opened = Catalog::open(stores_, options);
  if (opened || spec_.ingest) return opened;
  const auto kind = opened.error().kind;
  const bool no_lock = kind == ErrorKind::kLocked || kind == ErrorKind::kPermissionDenied;
  return no_lock ? Result<std::unique_ptr<Catalog>>(nullptr) : std::move(opened);
}

Result<bool> Delta::is_of_all_objects() const {
  EC_ASSIGN_OR_RETURN(const auto inventory,
                      inventory::open_inventory(stores_, spec_.inventory, spec_.inventory_options));
  return !spec_.inventory_options.since && spec_.inventory_options.limit.value_or(0) == 0 &&
         inventory->info().format != "problems";
}

// Before new objects are looked for: those that count again because a newer one is gone are new then.
Status Delta::look_for_removed() {
  EC_ASSIGN_OR_RETURN(const auto listed, list_objects(stores_, spec_.inventory, spec_.inventory_options,
                                                      {.scratch_folder = spec_.scratch_folder,
                                                       .memory_bytes = spec_.memory_limit_bytes / 4}));
  EC_ASSIGN_OR_RETURN(const auto catalog, open(spec_.delete_removed ? OpenMode::kWrite : OpenMode::kRead));
  Status status;
  if (spec_.delete_removed) {
    status = delete_removed(*catalog, listed);
  } else {
    EC_ASSIGN_OR_RETURN(report_.removed, find_removed(catalog->index(), listed, spec_.inventory_options.suffix,
                                                      RemovedObjects::kExamples));
  }
  if (auto closed = catalog->close(); status && !closed) status = closed;
  return status;
}

Status Delta::delete_removed(Catalog& catalog, const ListedObjects& listed) {
  write::FileNames names(catalog.warehouse(), spec_.catalog.run_id);
  for (int attempt = 1;; ++attempt) {
    const auto& index = catalog.index();
    // More than these are refused.
    const auto most = static_cast<std::int64_t>(spec_.max_removed * static_cast<double>(index.entries())) + 1;
    EC_ASSIGN_OR_RETURN(report_.removed, find_removed(index, listed, spec_.inventory_options.suffix,
                                                      std::max(most, RemovedObjects::kExamples)));
    EC_TRY(check_share(*report_.removed));
    auto deleted = delete_objects(stores_, catalog, report_.removed->entries, names, spec_.workers);
    if (deleted) {
      report_.deleted = *deleted;
      return {};
    }
    if (deleted.error().kind != ErrorKind::kConflict || attempt == kDeleteAttempts) {
      return std::unexpected(std::move(deleted).error());
    }
    EC_TRY(catalog.refresh());
  }
}

Status Delta::check_share(const RemovedObjects& removed) const {
  const auto judged = static_cast<double>(removed.judged());
  if (static_cast<double>(removed.removed) <= spec_.max_removed * judged) return {};
  return fail(ErrorKind::kInvalidData,
              "{} of {} recorded objects that the list judges ({:.2f} %) are not in {}, more than `max_removed` {:g}% "
              "allows; nothing was "
              "changed. If they are really gone (the first is {}), allow more",
              removed.removed, removed.judged(), 100 * static_cast<double>(removed.removed) / judged, spec_.inventory,
              100 * spec_.max_removed, removed.entries.front().name);
}

std::string Delta::hash_index_of(const Catalog& catalog) const {
  const auto property = catalog.table().metadata().property(catalog::kHashIndexPathProperty);
  return property ? std::string(*property) : catalog::hash_index_uri(catalog.warehouse());
}

Status Delta::find_new(const Catalog& catalog, bool locked) {
  if (hooks_.progress) hooks_.progress({.stage = "compare"});
  DeltaObjects objects(spec_.scratch_folder, spec_.memory_limit_bytes);
  if (spec_.by_id) {
    EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(hash_index_of(catalog)));
    EC_ASSIGN_OR_RETURN(report_.unchanged, objects.add_by_id(stores_, spec_.inventory, spec_.inventory_options, where));
  } else {
    EC_ASSIGN_OR_RETURN(report_.unchanged, objects.add_by_object(stores_, spec_.inventory, spec_.inventory_options,
                                                                 catalog.index(), false));
  }
  std::vector<std::string> earlier;
  if (spec_.out.empty()) {
    EC_ASSIGN_OR_RETURN(earlier, list_pending_deltas(stores_, catalog.warehouse()));
    if (!locked) report_.pending_left = std::ssize(std::exchange(earlier, {}));
  }
  for (const auto& uri : earlier) {
    EC_TRY(objects.add_by_object(stores_, uri, {.suffix = ""}, catalog.index(), true));
  }
  report_.pending_files = std::ssize(earlier);
  if (!objects.empty()) {
    auto out = spec_.out;
    if (out.empty()) {
      EC_ASSIGN_OR_RETURN(out, new_pending_delta(stores_, catalog.warehouse(), spec_.catalog.run_id));
    }
    EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(out));
    EC_ASSIGN_OR_RETURN(const auto counts, objects.write(where));
    report_.out = where.uri();
    report_.added = counts.added;
    report_.changed = counts.changed;
    report_.duplicates = counts.duplicates;
    report_.taken_up = counts.taken_up;
  }
  report_.written = report_.added + report_.changed + report_.taken_up;
  report_.rows = report_.added + report_.changed + report_.unchanged + report_.duplicates;
  return remove_pending_deltas(stores_, earlier);
}

Status Delta::ingest(Catalog& catalog) {
  if (report_.out.empty()) return {};
  auto run = *spec_.ingest;
  run.inventory = report_.out;
  run.inventory_options = {.suffix = ""};
  auto& done = report_.ingest.emplace();
  report_.done = false;
  const auto rule = std::exchange(run.missing, std::nullopt).value_or(ingest::MissingRule());
  EC_TRY(run_incremental(stores_, run, hooks_, done, &catalog));
  report_.done = !done.interrupted && done.pending == 0;
  if (report_.done && spec_.out.empty()) {
    EC_TRY(remove_pending_deltas(stores_, {report_.out}));
    report_.out.clear();
  }
  if (done.interrupted) return {};
  // Objects that the list shows to be recorded as they are count as found.
  auto counts = ingest::missing_counts(done);
  counts.asked += report_.unchanged;
  return ingest::check_missing(counts, rule);
}

}  // namespace

Status run_delta(storage::Stores& stores, const DeltaSpec& spec, const Hooks& hooks, DeltaReport& report) {
  const Stopwatch watch;
  auto status = Delta(stores, spec, hooks, report).run();
  report.seconds = watch.seconds();
  return status;
}

}  // namespace earthcatalog::incremental
