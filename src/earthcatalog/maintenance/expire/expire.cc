#include "earthcatalog/maintenance/expire/expire.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/maintenance/expire/live_files.h"
#include "earthcatalog/storage/local/local_file.h"

namespace earthcatalog::maintenance {
namespace {

using catalog::Catalog;
using catalog::OpenMode;

// Finds when each snapshot ceased to be the table's state, as far as the log tells.
std::map<std::int64_t, std::int64_t> replacement_times(const iceberg::TableMetadata& metadata) {
  std::map<std::int64_t, std::int64_t> times;
  const auto& log = metadata.snapshot_log;
  for (std::size_t i = 0; i + 1 < log.size(); ++i) {
    auto& time = times[log[i].snapshot_id];
    time = std::max(time, log[i + 1].timestamp_ms);
  }
  return times;
}

std::set<std::int64_t> retained_whatever_their_age(const iceberg::TableMetadata& metadata, std::int64_t newest) {
  std::vector<const iceberg::Snapshot*> snapshots;
  for (const auto& snapshot : metadata.snapshots) snapshots.push_back(&snapshot);
  std::ranges::stable_sort(snapshots, std::ranges::greater{}, &iceberg::Snapshot::sequence_number);
  std::set<std::int64_t> retained;
  for (const auto* snapshot : snapshots) {
    if (std::ssize(retained) < newest) retained.insert(snapshot->snapshot_id);
  }
  if (metadata.current_snapshot_id) retained.insert(*metadata.current_snapshot_id);
  for (const auto& [name, ref] : metadata.refs) {
    if (name != catalog::kIndexTag) retained.insert(ref.snapshot_id);  // the commit of this very call moves that one
  }
  return retained;
}

std::set<std::int64_t> all_but(const iceberg::TableMetadata& metadata, const std::vector<std::int64_t>& removed) {
  std::set<std::int64_t> ids;
  for (const auto& snapshot : metadata.snapshots) ids.insert(snapshot.snapshot_id);
  for (const auto id : removed) ids.erase(id);
  return ids;
}

// Counts what the metadata log will forget when a commit has put the present metadata into it.
std::ptrdiff_t forgotten_by_commit(const iceberg::TableMetadata& metadata, std::int64_t cutoff_ms) {
  auto log = metadata.metadata_log;
  log.push_back({.timestamp_ms = metadata.last_updated_ms, .metadata_file = {}});
  return iceberg::metadata_replaced_before(log, cutoff_ms);
}

// Below the warehouse and the object index; and beside them and the catalog, where hash index and lock lie.
std::vector<std::string> places_of_leftovers(const Catalog& catalog) {
  std::vector<std::string> places{catalog.warehouse() + "/", catalog::object_index_uri(catalog.warehouse()) + "/"};
  for (const auto& uri : {catalog.warehouse(), catalog.uri()}) {
    const auto beside = uri.substr(0, uri.rfind('/') + 1) + std::string(storage::kHiddenPrefix);
    if (std::ranges::find(places, beside) == places.end()) places.push_back(beside);
  }
  return places;
}

// One call of run_expire().
class Expiry {
 public:
  Expiry(storage::Stores& stores, const ExpireSpec& spec, const ExpireHooks& hooks, ExpireReport& report)
      : stores_(stores), spec_(spec), hooks_(hooks), report_(report) {}

  Status run();

 private:
  std::int64_t cutoff_ms() const { return report_.cutoff / 1000; }
  Result<std::unique_ptr<Catalog>> open();
  Status work(Catalog& catalog);
  Status commit(Catalog& catalog, LiveFiles& live);
  void tell(const iceberg::TableMetadata& metadata);

  storage::Stores& stores_;
  const ExpireSpec& spec_;
  const ExpireHooks& hooks_;
  ExpireReport& report_;
  std::vector<std::int64_t> removed_;
  std::set<std::int64_t> retained_;
  std::ptrdiff_t forgotten_ = 0;  // entries of the metadata log
};

// Read first: a mistyped name must not leave a catalog or a lock behind.
Result<std::unique_ptr<Catalog>> Expiry::open() {
  auto options = spec_.catalog;
  options.mode = OpenMode::kRead;
  options.adds_rows = false;
  EC_ASSIGN_OR_RETURN(auto reading, Catalog::open(stores_, options));
  if (spec_.dry_run) return reading;
  options.mode = OpenMode::kWrite;
  return Catalog::open(stores_, options);
}

Status Expiry::run() {
  report_.run_id = spec_.catalog.run_id;
  report_.dry_run = spec_.dry_run;
  report_.cutoff = spec_.catalog.clock() - spec_.older_than_seconds * kMicrosPerSecond;
  EC_ASSIGN_OR_RETURN(const auto catalog, open());
  report_.warehouse = catalog->warehouse();
  Status status = work(*catalog);
  if (auto closed = catalog->close(); status && !closed) status = closed;
  return status;
}

// Reads what stays before anything changes: a manifest that cannot be read leaves all as it was.
Status Expiry::work(Catalog& catalog) {
  const auto& metadata = catalog.table().metadata();
  removed_ = snapshots_to_remove(metadata, cutoff_ms(), spec_.retain_last);
  forgotten_ = iceberg::metadata_replaced_before(metadata.metadata_log, cutoff_ms());
  retained_ = all_but(metadata, removed_);
  tell(metadata);
  EC_ASSIGN_OR_RETURN(const auto places, places_of(catalog.table(), catalog.warehouse()));
  std::vector<std::string> prefixes;
  for (const auto& place : places) prefixes.push_back(place.prefix);
  LiveFiles live(std::move(prefixes));
  if (hooks_.progress) hooks_.progress({.stage = "read manifests"});
  EC_TRY(live.add_snapshots(catalog.table(), retained_));
  const bool changes = !removed_.empty() || forgotten_ > 0;
  if (changes && !spec_.dry_run) EC_TRY(commit(catalog, live));
  EC_TRY(live.add_metadata(catalog.table(), changes && spec_.dry_run ? forgotten_by_commit(metadata, cutoff_ms()) : 0,
                           {removed_.begin(), removed_.end()}));
  live.seal();
  Sweep sweep(catalog.table(), places, live,
              {.cutoff = report_.cutoff,
               .dry_run = spec_.dry_run,
               .leftovers = places_of_leftovers(catalog),
               .stop = hooks_.stop,
               .before_batch = [&] { return catalog.check_current(); },
               .on_dead = hooks_.on_dead,
               .progress = hooks_.progress});
  Status status = sweep.look();
  if (status) status = live.check_all_seen(catalog.table(), retained_);
  if (status) status = sweep.remove();
  report_.places = sweep.counts();
  return status;
}

Status Expiry::commit(Catalog& catalog, LiveFiles& live) {
  catalog::CommitRequest request;
  request.removed_snapshots = removed_;
  request.forget_metadata_before_ms = cutoff_ms();
  EC_TRY(catalog.commit(request));
  // Files that another writer committed in between, or tagged, are live too.
  const auto& metadata = catalog.table().metadata();
  std::erase_if(removed_, [&](std::int64_t id) { return metadata.find_snapshot(id) != nullptr; });
  std::set<std::int64_t> added = all_but(metadata, {});
  std::erase_if(added, [&](std::int64_t id) { return retained_.contains(id); });
  EC_TRY(live.add_snapshots(catalog.table(), added));
  retained_ = all_but(metadata, {});
  std::erase_if(report_.snapshots_removed,
                [&](const auto& snapshot) { return metadata.find_snapshot(snapshot.snapshot_id) != nullptr; });
  report_.snapshots_kept = std::ssize(metadata.snapshots);
  return {};
}

void Expiry::tell(const iceberg::TableMetadata& metadata) {
  for (const auto id : removed_) {
    const auto& snapshot = *metadata.find_snapshot(id);
    report_.snapshots_removed.push_back(
        {.snapshot_id = id, .time = snapshot.timestamp_ms * 1000, .operation = std::string(snapshot.operation())});
  }
  report_.snapshots_kept = std::ssize(metadata.snapshots) - std::ssize(removed_);
}

}  // namespace

std::vector<std::int64_t> snapshots_to_remove(const iceberg::TableMetadata& metadata, std::int64_t cutoff_ms,
                                              std::int64_t retain_last) {
  const auto retained = retained_whatever_their_age(metadata, retain_last);
  const auto replaced = replacement_times(metadata);
  std::vector<std::int64_t> removed;
  for (const auto& snapshot : metadata.snapshots) {
    const auto at = replaced.find(snapshot.snapshot_id);
    const std::int64_t needed_until = at == replaced.end() ? snapshot.timestamp_ms : at->second;
    if (needed_until <= cutoff_ms && !retained.contains(snapshot.snapshot_id)) {
      removed.push_back(snapshot.snapshot_id);
    }
  }
  return removed;
}

Status run_expire(storage::Stores& stores, const ExpireSpec& spec, const ExpireHooks& hooks, ExpireReport& report) {
  const Stopwatch time;
  auto status = Expiry(stores, spec, hooks, report).run();
  report.seconds = time.seconds();
  return status;
}

}  // namespace earthcatalog::maintenance
