#include <algorithm>
#include <set>

#include "earthcatalog/iceberg/commit/commit_internal.h"
#include "earthcatalog/iceberg/commit/snapshot_producer_internal.h"
#include "earthcatalog/iceberg/commit/snapshot_removal_internal.h"
#include "earthcatalog/iceberg/manifest/manifest_files_internal.h"
#include "earthcatalog/iceberg/metadata/metadata_files_internal.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::iceberg {
namespace {

constexpr std::int64_t kDefaultPreviousVersions = 100;

Status check(const Change& change) {
  std::set<std::string> places;
  for (const DataFile& file : change.added) {
    const auto key = storage::place_key(file.file_path);
    if (!places.insert(key).second || change.removed.contains(key)) {
      return fail(ErrorKind::kInvalidArgument, "{} is added twice, or added and removed, in one commit",
                  file.file_path);
    }
  }
  return {};
}

// Ids of new columns are in data files already: they hold only on the schema that they were given on.
Status check_schema(const Change& change, const TableMetadata& base) {
  if (!change.evolves_schema()) return {};
  if (base.current_schema_id == change.base_schema.schema_id && base.last_column_id == change.base_last_column_id &&
      base.find_schema(change.schema.schema_id) == nullptr) {
    return {};
  }
  return fail(ErrorKind::kConflict,
              "another commit changed the columns meanwhile; write the files anew with the new schema");
}

// The metadata log names the files that came before. Those that fall off its end stay: readers may be at them, and only
// `expire` removes.
void log_previous(const Table& base, const Change& change, TableMetadata& metadata) {
  auto& log = metadata.metadata_log;
  log.push_back({.timestamp_ms = base.metadata().last_updated_ms, .metadata_file = base.metadata_location()});
  if (change.forget_metadata_before_ms) {
    log.erase(log.begin(), log.begin() + metadata_replaced_before(log, *change.forget_metadata_before_ms));
  }
  const std::int64_t most = std::max<std::int64_t>(
      1, metadata.property_as_int("write.metadata.previous-versions-max", kDefaultPreviousVersions));
  if (std::ssize(log) > most) log.erase(log.begin(), log.end() - most);
}

void add_snapshot(Snapshot snapshot, TableMetadata& metadata) {
  metadata.last_sequence_number = snapshot.sequence_number;
  metadata.current_snapshot_id = snapshot.snapshot_id;
  metadata.snapshot_log.push_back({.timestamp_ms = snapshot.timestamp_ms, .snapshot_id = snapshot.snapshot_id});
  metadata.refs[std::string(TableMetadata::kMainBranch)].snapshot_id = snapshot.snapshot_id;
  metadata.snapshots.push_back(std::move(snapshot));
}

// Without a member max-ref-age-ms: nobody's expiry shall let the tag go for its age.
void move_tags(const Change& change, TableMetadata& metadata) {
  if (!metadata.current_snapshot_id) return;
  for (const std::string& name : change.moved_tags) {
    metadata.refs[name] = {.snapshot_id = *metadata.current_snapshot_id, .type = "tag", .unknown = {}};
  }
}

void apply_schema_and_properties(const Change& change, TableMetadata& metadata) {
  if (change.evolves_schema()) {
    metadata.schemas.push_back(change.schema);
    metadata.current_schema_id = change.schema.schema_id;
    metadata.last_column_id = change.last_column_id;
    const std::string mapping = metadata.property(kNameMappingProperty).value_or("");
    metadata.properties[std::string(kNameMappingProperty)] = name_mapping_json(change.schema, mapping);
  }
  for (const auto& [key, value] : change.properties) metadata.properties[key] = value;
  for (Schema& schema : metadata.schemas) set_mapped_names(schema, metadata.property(kNameMappingProperty));
}

}  // namespace

// Writes all files of the state that follows on the table's; nothing points to them yet.
Result<Committer::Attempt> Committer::write_attempt(SnapshotProducer& producer) const {
  const TableMetadata& base = table_.metadata();
  EC_TRY(check_schema(change_, base));
  Attempt attempt{.metadata = base, .location = {}};
  TableMetadata& metadata = attempt.metadata;
  metadata.last_updated_ms = std::max(options_.clock() / 1000, base.last_updated_ms);
  apply_schema_and_properties(change_, metadata);
  if (change_.changes_files()) {
    EC_ASSIGN_OR_RETURN(Snapshot snapshot, producer.produce(table_, metadata.last_updated_ms));
    add_snapshot(std::move(snapshot), metadata);
  }
  move_tags(change_, metadata);
  remove_snapshots(change_.removed_snapshots, metadata);
  log_previous(table_, change_, metadata);
  attempt.location = next_metadata_location(metadata, table_.metadata_location());
  EC_TRY(write_object(table_.stores(), attempt.location, to_json(metadata)));
  if (options_.make_durable) {
    EC_TRY(iceberg::make_durable(table_.stores(), {table_.data_location(), attempt.location}));
  }
  return attempt;
}

// The commit is done: what fails from here on is told, and is no failure.
Result<CommitResult> Committer::finish(Attempt attempt) {
  const std::string folder = metadata_folder(attempt.metadata);
  table_.metadata_ = std::make_shared<const TableMetadata>(std::move(attempt.metadata));
  table_.metadata_location_ = std::move(attempt.location);
  CommitResult done = result();
  const Status after =
      write_version_hint(table_.stores(), *table_.catalog(), table_.identifier(), folder, table_.metadata_location());
  if (!after) done.warning = after.error().message;
  return done;
}

CommitResult Committer::result() const {
  CommitResult result;
  result.metadata_location = table_.metadata_location();
  if (const Snapshot* snapshot = table_.metadata().find_snapshot(change_.snapshot_id); snapshot != nullptr) {
    result.snapshot_id = snapshot->snapshot_id;
    result.summary = snapshot->summary;
  }
  return result;
}

bool Committer::is_committed() const { return table_.metadata().find_snapshot(change_.snapshot_id) != nullptr; }

// Tells that the pointer did not move and will not: the guard said no, or another commit came first. After any other
// error it may have moved all the same, or be about to: what it names must stay.
bool Committer::was_refused(const Error& error) {
  if (error.kind != ErrorKind::kConflict || !change_.changes_files() || !table_.refresh()) return false;
  return !is_committed();
}

Result<CommitResult> Committer::commit() {
  // A commit whose reply was lost and that is tried again is done.
  if (!change_.changes_anything() || is_committed()) return result();
  if (table_.catalog() == nullptr) return fail(ErrorKind::kInvalidArgument, "the table was opened without a catalog");
  EC_TRY(check(change_));
  sort_by_partition(change_.added);
  SnapshotProducer producer(change_, table_.stores());
  auto done = attempt(producer);
  if (!done && !unclear_) producer.clean_up(nullptr);
  return done;
}

Result<CommitResult> Committer::attempt(SnapshotProducer& producer) {
  EC_ASSIGN_OR_RETURN(Attempt written, write_attempt(producer));
  auto swapped =
      table_.catalog()->swap(table_.identifier(), table_.metadata_location(), written.location, options_.guard);
  if (swapped && *swapped) {
    producer.clean_up(written.metadata.find_snapshot(change_.snapshot_id));
    return finish(std::move(written));
  }
  unclear_ = !swapped && !was_refused(swapped.error());
  if (!unclear_) static_cast<void>(remove_objects(table_.stores(), {written.location}));
  if (!swapped) return std::unexpected(std::move(swapped).error());
  EC_TRY(table_.refresh());
  if (!is_committed()) {
    return fail(ErrorKind::kConflict, "another commit came first; start again from the new state");
  }
  producer.clean_up(nullptr);  // the files of this attempt: those of the one whose reply was lost are the table's
  return result();
}

}  // namespace earthcatalog::iceberg
