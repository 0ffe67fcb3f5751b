#include "earthcatalog/maintenance/expire/sweep.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/catalog/unfinished_run.h"

namespace earthcatalog::maintenance {
namespace {

constexpr std::size_t kBatch = 1000;  // what S3 removes in one request
constexpr std::string_view kMetadataSuffixes[] = {".avro", ".metadata.json", ".metadata.json.gz", ".stats", ".puffin"};

bool is_parquet(std::string_view uri) { return uri.ends_with(".parquet"); }
bool is_metadata_json(std::string_view uri) {
  return uri.ends_with(".metadata.json") || uri.ends_with(".metadata.json.gz");
}
// Spark's statistics by partition are data files by their format, not by their name.
bool is_metadata(std::string_view uri) {
  if (uri.substr(uri.rfind('/') + 1).starts_with("partition-stats-")) return true;
  return std::ranges::any_of(kMetadataSuffixes, [&](std::string_view suffix) { return uri.ends_with(suffix); });
}

}  // namespace

Result<std::vector<Place>> places_of(const iceberg::Table& table, const std::string& warehouse) {
  EC_ASSIGN_OR_RETURN(const auto run, catalog::read_unfinished_run(table.stores(), warehouse));
  const auto kept = run ? catalog::parts_folder(warehouse, *run) + "/" : std::string();
  const auto of_no_run = [kept](std::string_view uri) { return kept.empty() || !uri.starts_with(kept); };
  return std::vector<Place>{{"data", storage::join_uri(warehouse, "grid_partition="), is_parquet},
                            {"parts", storage::join_uri(warehouse, "_parts") + "/", of_no_run},
                            {"metadata", table.metadata_place() + "/", is_metadata},
                            {"objects", catalog::object_index_uri(warehouse) + "/", is_parquet}};
}

void FileCount::add(std::int64_t size_bytes) {
  ++files;
  bytes += size_bytes;
}

FileCount& FileCount::operator+=(const FileCount& other) {
  files += other.files;
  bytes += other.bytes;
  return *this;
}

void PlaceCounts::add(const PlaceCounts& other) {
  for (const auto member : {&PlaceCounts::listed, &PlaceCounts::live, &PlaceCounts::too_young, &PlaceCounts::left,
                            &PlaceCounts::removed, &PlaceCounts::not_removed}) {
    this->*member += other.*member;
  }
}

Sweep::Sweep(const iceberg::Table& table, std::vector<Place> places, LiveFiles& live, SweepOptions options)
    : table_(table), places_(std::move(places)), live_(live), options_(std::move(options)) {
  for (const auto& place : places_) counts_.emplace_back().place = place.name;
}

Status Sweep::for_each(const Place& place,
                       const std::function<Status(const storage::Location&, const storage::ObjectInfo&)>& visit) {
  EC_ASSIGN_OR_RETURN(const auto where, table_.stores().locate(place.prefix));
  return annotate(where.store->list(where.key, [&](const storage::ObjectInfo& file) { return visit(where, file); }),
                  "listing " + place.prefix);
}

// Metadata in the folder that are another table's speak of files that this table does not know; but not the first
// metadata of a table that never was, because another run made the table or the lock was lost: they name no file.
Result<bool> Sweep::is_ours_to_judge(const std::string& uri) {
  const auto other = iceberg::Table::open_metadata(table_.stores(), uri);
  if (!other) {
    if (other.error().kind == ErrorKind::kInvalidData || other.error().kind == ErrorKind::kUnsupported) return false;
    if (other.error().kind == ErrorKind::kNotFound) return true;  // removed since it was listed
    return std::unexpected(other.error());
  }
  const auto& metadata = other->metadata();
  if (metadata.table_uuid == table_.metadata().table_uuid) return true;
  if (metadata.snapshots.empty() && metadata.metadata_log.empty()) return true;
  return fail(ErrorKind::kInvalidData,
              "{} is of another table ({}), which may need files here. No file was removed; if that table is not used "
              "any more, remove this one file and run again",
              uri, metadata.table_uuid);
}

Result<FileCount PlaceCounts::*> Sweep::class_of(const Place& place, const std::string& uri,
                                                 const storage::ObjectInfo& file) {
  const Verdict verdict = live_.judge(uri);
  if (verdict == Verdict::kLive) return &PlaceCounts::live;
  if (!place.ours(uri)) return &PlaceCounts::left;
  if (verdict == Verdict::kUnsure) {
    return fail(ErrorKind::kInvalidData,
                "{} is not part of the table by this name, but the table has a file of the same name elsewhere: the "
                "warehouse may go by two names. No file was removed",
                uri);
  }
  if (is_metadata_json(uri)) {
    EC_ASSIGN_OR_RETURN(const bool known, is_ours_to_judge(uri));
    if (!known) return &PlaceCounts::left;
  }
  if (!file.last_modified || *file.last_modified > options_.cutoff) return &PlaceCounts::too_young;
  return &PlaceCounts::removed;
}

Status Sweep::look() {
  ProgressMeter meter(options_.progress, {.stage = "list", .unit = "files"});
  for (std::size_t i = 0; i < places_.size(); ++i) {
    EC_TRY(for_each(places_[i], [&](const storage::Location& where, const storage::ObjectInfo& file) -> Status {
      if (options_.stop != nullptr && options_.stop->load()) return fail(ErrorKind::kCancelled, "stopped");
      EC_ASSIGN_OR_RETURN(const auto member, class_of(places_[i], where.store->uri(file.key), file));
      counts_[i].listed.add(file.size_bytes);
      const bool dead = member == &PlaceCounts::removed;  // and not removed yet
      (counts_[i].*(dead ? &PlaceCounts::not_removed : member)).add(file.size_bytes);
      meter.add();
      return {};
    }));
  }
  return look_at_leftovers();
}

Status Sweep::remove() {
  ProgressMeter meter(options_.progress, {.stage = options_.dry_run ? "list" : "remove", .unit = "files"});
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (counts_[i].not_removed.files == 0) continue;
    std::shared_ptr<storage::ObjectStore> store;
    std::vector<storage::ObjectInfo> batch;
    EC_TRY(for_each(places_[i], [&](const storage::Location& where, const storage::ObjectInfo& file) -> Status {
      EC_ASSIGN_OR_RETURN(const auto member, class_of(places_[i], where.store->uri(file.key), file));
      if (member != &PlaceCounts::removed) return {};
      store = where.store;
      batch.push_back(file);
      meter.add();
      return batch.size() < kBatch ? Status{} : remove_batch(*store, batch, counts_[i]);
    }));
    if (!batch.empty()) EC_TRY(remove_batch(*store, batch, counts_[i]));
  }
  return remove_leftovers();
}

Status Sweep::remove_batch(storage::ObjectStore& store, std::vector<storage::ObjectInfo>& batch, PlaceCounts& counts) {
  if (options_.stop != nullptr && options_.stop->load()) return fail(ErrorKind::kCancelled, "stopped");
  if (!options_.dry_run) {
    if (options_.before_batch) EC_TRY(options_.before_batch());
    std::vector<std::string> keys;
    for (const auto& file : batch) keys.push_back(file.key);
    EC_TRY(store.remove(keys));
  }
  for (const auto& file : batch) count_dead(store.uri(file.key), file.size_bytes, counts);
  batch.clear();
  return {};
}

// Counts what is gone, or in a dry run would be.
void Sweep::count_dead(const std::string& uri, std::int64_t size_bytes, PlaceCounts& counts) const {
  counts.removed.add(size_bytes);
  counts.not_removed += {.files = -1, .bytes = -size_bytes};
  if (options_.on_dead) options_.on_dead(uri, size_bytes);
}

Status Sweep::for_each_leftover(
    bool dry_run,
    const std::function<Status(const std::string& uri, std::int64_t size, storage::Leftover what)>& visit) {
  for (const auto& prefix : options_.leftovers) {
    EC_ASSIGN_OR_RETURN(const auto where, table_.stores().locate(prefix));
    const storage::LeftoverRules rules{
        .before = options_.cutoff, .dry_run = dry_run, .visit = [&](const auto& file, storage::Leftover what) {
          return visit(where.store->uri(file.key), file.size_bytes, what);
        }};
    EC_TRY(annotate(where.store->remove_leftovers(where.key, rules), "looking for what killed runs left in " + prefix));
  }
  return {};
}

Status Sweep::look_at_leftovers() {
  auto& counts = counts_.emplace_back();
  counts.place = "leftovers";
  return for_each_leftover(true, [&](const std::string&, std::int64_t size, storage::Leftover what) -> Status {
    counts.listed.add(size);
    auto& of = what == storage::Leftover::kRemoved    ? counts.not_removed
               : what == storage::Leftover::kTooYoung ? counts.too_young
                                                      : counts.live;
    of.add(size);
    return {};
  });
}

Status Sweep::remove_leftovers() {
  auto& counts = counts_.back();
  if (counts.not_removed.files == 0) return {};
  if (options_.before_batch && !options_.dry_run) EC_TRY(options_.before_batch());
  return for_each_leftover(options_.dry_run,
                           [&](const std::string& uri, std::int64_t size, storage::Leftover what) -> Status {
                             if (what == storage::Leftover::kRemoved) count_dead(uri, size, counts);
                             return {};
                           });
}

}  // namespace earthcatalog::maintenance
