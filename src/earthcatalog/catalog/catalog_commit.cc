#include <algorithm>
#include <utility>

#include "earthcatalog/catalog/catalog_internal.h"
#include "earthcatalog/catalog/table_grid.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::catalog {
namespace {

// Other writers' commits in a row before a commit gives up.
constexpr int kMaxAttempts = 100;

bool changes_files(const CommitRequest& request) { return !request.added.empty() || !request.removed.empty(); }

bool shortens_history(const CommitRequest& request) {
  return !request.removed_snapshots.empty() || request.forget_metadata_before_ms.has_value();
}

std::vector<Hash128> items_of(const CommitRequest& request) {
  std::vector<Hash128> items = request.displaced;
  for (const auto& entry : request.objects.entries) items.push_back(entry.identity);
  std::ranges::sort(items);
  return items;
}

// Of a commit that may have happened: kConflict would tell the caller that it did not, and to remove its files.
Error no_conflict(Error error) {
  if (error.kind == ErrorKind::kConflict) error.kind = ErrorKind::kIOError;
  return error;
}

Error outcome_unknown(Error error, const Error& refresh) {
  error = no_conflict(std::move(error));
  error.message += fmt::format(
      "; whether the commit came through is not known, since the table cannot be read ({}): run "
      "again, what is in the table is not done twice",
      refresh.message);
  return error;
}

}  // namespace

bool Catalog::Impl::nothing_to_do(const CommitRequest& request) const {
  if (changes_files(request)) return false;
  if (shortens_history(request) && table_) return false;
  return !table_ || (request.objects.empty() && index_.manifest() == named_.manifest());
}

// Inside the transaction that moves the table's pointer: only the lock's holder gets through.
iceberg::CommitGuard Catalog::Impl::guard() {
  if (!lock_) return {};
  return [this](sqlite3* database) -> Status {
    EC_ASSIGN_OR_RETURN(const auto token, read_token(database));
    if (!lock_->admits(token)) {
      token_refused_ = true;
      return fail(ErrorKind::kConflict, "{}: another process claims the lock", uri_);
    }
    return token ? Status{} : write_token(database, lock_->token());
  };
}

// True: it is ours. False: another was first, whose table has the last word, or claims the lock.
Result<bool> Catalog::Impl::create_table(const CommitRequest& request) {
  iceberg::CreateTableOptions options;
  if (request.schema) {
    options.schema = *request.schema;
  } else if (columns_) {
    options.schema = iceberg_schema(*columns_);
  } else {
    return fail(ErrorKind::kInvalidArgument, "the first commit of a table needs its schema");
  }
  options.warehouse = warehouse_;
  options.properties = grid_properties(grid_);
  options.properties.emplace(kHashIndexPathProperty, hash_index_uri(warehouse_));
  options.properties.emplace(kCatalogProperty, uri_);
  options.guard = guard();
  auto created = iceberg::Table::create(stores_, *file_, options, {}, options_.clock);
  if (token_refused_) {
    token_refused_ = false;
    EC_TRY(lock_->reassert());
  } else if (!created) {
    // Whatever the error: is there a table by now?
    EC_ASSIGN_OR_RETURN(const auto location, file_->metadata_location({}));
    if (!location) return std::unexpected(std::move(created).error());
  } else {
    table_ = std::move(*created);
    EC_TRY(annotate(adopt_table(), uri_));
    EC_TRY(load_index());
    return true;
  }
  EC_TRY(refresh());
  return false;
}

Status Catalog::Impl::create_empty_table() {
  const auto exists = [this] { return fail(ErrorKind::kAlreadyExists, "{} has a table already", uri_); };
  if (table_) return exists();
  if (lock_) EC_TRY(lock_->check());
  EC_ASSIGN_OR_RETURN(const bool ours, create_table({}));
  if (ours) return {};
  return table_ ? exists() : fail(ErrorKind::kConflict, "{}: another process claims the lock; run again", uri_);
}

Status Catalog::Impl::add_columns(const CommitRequest& request, iceberg::Transaction& change) const {
  if (!request.schema) return {};
  std::vector<iceberg::NestedField> added;
  for (const auto& field : request.schema->fields) {
    if (table_->schema().find(field.name) == nullptr) added.push_back(field);
  }
  EC_ASSIGN_OR_RETURN(const iceberg::Schema schema, change.add_columns(std::move(added)));
  for (const auto& field : request.schema->fields) {
    if (const auto* found = schema.find(field.name); found != nullptr && *found == field) continue;
    return fail(ErrorKind::kConflict,
                "column \"{}\" is not the one that the files were written with: another writer changed the table's "
                "columns meanwhile; run again",
                field.name);
  }
  return {};
}

Result<iceberg::Transaction> Catalog::Impl::transaction(const CommitRequest& request) const {
  iceberg::Transaction change(*table_);
  EC_TRY(add_columns(request, change));
  change.append(request.added);
  change.remove(request.removed);
  if (request.rows_unchanged) change.rows_unchanged();
  if (!request.removed_snapshots.empty()) change.remove_snapshots(request.removed_snapshots);
  if (request.forget_metadata_before_ms) change.forget_metadata_before(*request.forget_metadata_before_ms);
  for (const auto& [key, value] : missing_properties_) change.set_property(key, value);
  for (const auto& [key, value] : request.summary) change.set_summary(key, value);
  change.set_summary(std::string(kRunIdSummary), options_.run_id);
  change.set_summary(std::string(kCommandSummary), options_.lock_owner);
  change.set_summary(std::string(kCommitSummary), std::to_string(commits_));
  return change;
}

Result<CommitOutcome> Catalog::Impl::commit(const CommitRequest& request) {
  if (options_.mode == OpenMode::kRead) {
    return fail(ErrorKind::kInvalidArgument, "{} was opened for reading only", uri_);
  }
  CommitOutcome outcome;
  if (nothing_to_do(request)) return outcome;
  ++commits_;
  for (; outcome.attempts <= kMaxAttempts; ++outcome.attempts) {
    EC_ASSIGN_OR_RETURN(const bool done, try_commit(request, outcome));
    if (done) return outcome;
  }
  return fail(ErrorKind::kConflict, "{}: {} commits of others came first, one after the other; try again later", uri_,
              kMaxAttempts);
}

// True: committed. False: the state has changed, and the request makes sense on the new one.
Result<bool> Catalog::Impl::try_commit(const CommitRequest& request, CommitOutcome& outcome) {
  if (lock_) EC_TRY(lock_->check());
  if (!table_) {
    EC_TRY(check_warehouse_is_free());
    EC_TRY(create_table(request));
    if (!table_) return false;
    if (request.exclusive && current_snapshot()) return std::unexpected(changed_meanwhile());
  }
  EC_ASSIGN_OR_RETURN(iceberg::Transaction change, transaction(request));
  EC_ASSIGN_OR_RETURN(const index::ObjectIndex next, record(request, change));

  const std::string before = table_->metadata_location();
  token_refused_ = false;
  auto done = change.commit(*table_, {.guard = guard(), .clock = options_.clock});
  if (!done) {
    // Whatever the error, only the table can tell whether the commit happened. That it did not is certain after a
    // conflict alone: after any other error the write of the pointer may still be on its way.
    unclear_ = done.error().kind != ErrorKind::kConflict;
    if (const auto refreshed = table_->refresh(); !refreshed) {
      unclear_ = true;
      return std::unexpected(outcome_unknown(std::move(done).error(), refreshed.error()));
    }
    if (!is_committed(request, change, next)) {
      if (!unclear_) next.retire_except({&named_, &index_});
      tell_lost_race(done.error(), outcome.attempts);
      EC_TRY(prepare_again(request, done.error(), before));
      return false;
    }
  }
  if (changes_files(request)) {
    outcome.snapshot_id = change.snapshot_id();
    outcome.summary = table_->metadata().find_snapshot(change.snapshot_id())->summary;
  }
  auto accepted = request.unrecorded_rows ? refresh() : accept(next);
  if (!accepted) return std::unexpected(no_conflict(std::move(accepted).error()));
  tell_commit(request, outcome);
  return true;
}

// Puts the object index of the state after the commit into it.
Result<index::ObjectIndex> Catalog::Impl::record(const CommitRequest& request, iceberg::Transaction& change) const {
  if (request.unrecorded_rows) return index_;
  const auto snapshot = changes_files(request) ? std::optional(change.snapshot_id()) : current_snapshot();
  EC_ASSIGN_OR_RETURN(index::ObjectIndex next,
                      index_.apply(request.objects, object_index_uri(warehouse_),
                                   fmt::format("{}_{}", options_.run_id, change.snapshot_id()), snapshot));
  change.set_property(std::string(kObjectIndexProperty), next.manifest().to_json());
  change.move_tag(std::string(kIndexTag));
  return next;
}

void Catalog::Impl::tell_lost_race(const Error& error, int attempt) const {
  const auto& event = stores_.settings().event;
  if (!event) return;
  event({.name = "commit_lost_race",
         .message = fmt::format("{}: attempt {} of the commit did not come through: {}", uri_, attempt, error.message),
         .fields = {{"uri", uri_}, {"attempt", std::int64_t{attempt}}, {"reason", error.message}}});
}

void Catalog::Impl::tell_commit(const CommitRequest& request, const CommitOutcome& outcome) const {
  const auto& event = stores_.settings().event;
  if (!event) return;
  const auto added = std::ssize(request.added), removed = std::ssize(request.removed);
  event({.name = "commit",
         .message = fmt::format("{}: committed snapshot {}: {} files added, {} removed", uri_,
                                current_snapshot().value_or(0), added, removed),
         .fields = {{"uri", uri_},
                    {"snapshot_id", current_snapshot().value_or(0)},
                    {"files_added", std::int64_t{added}},
                    {"files_removed", std::int64_t{removed}},
                    {"attempts", std::int64_t{outcome.attempts}}}});
}

bool Catalog::Impl::is_committed(const CommitRequest& request, const iceberg::Transaction& change,
                                 const index::ObjectIndex& next) const {
  if (changes_files(request)) return table_->metadata().find_snapshot(change.snapshot_id()) != nullptr;
  if (shortens_history(request)) return false;  // nothing in the table tells who did it; doing it again does no harm
  return table_->metadata().property(kObjectIndexProperty) == next.manifest().to_json();
}

Status Catalog::Impl::confirm_lock() { return lock_ ? lock_->beat() : Status{}; }

Status Catalog::Impl::check_current() {
  if (lock_) EC_TRY(lock_->check());
  EC_ASSIGN_OR_RETURN(const auto location, file_->metadata_location({}));
  if (table_ && location == table_->metadata_location()) return {};
  return fail(ErrorKind::kConflict, "{}: another writer committed meanwhile; run again", uri_);
}

Status Catalog::Impl::accept(const index::ObjectIndex& next) {
  index_.retire_except({&named_, &next});
  named_ = next;
  index_ = next;
  unclear_ = false;
  EC_TRY(adopt_table());
  return load_index();  // somebody may have committed on top of it already
}

Error Catalog::Impl::changed_meanwhile() const {
  return {ErrorKind::kConflict, fmt::format("{}: another writer changed the table meanwhile; run again", uri_)};
}

// After an attempt that did not come through: makes the next one possible, or says why there is none.
Status Catalog::Impl::prepare_again(const CommitRequest& request, const Error& error,
                                    const std::string& metadata_before) {
  if (token_refused_) {
    EC_TRY(lock_->reassert());
    return refresh();
  }
  if (table_->metadata_location() == metadata_before) return std::unexpected(error);
  if (request.exclusive) return std::unexpected(changed_meanwhile());
  const auto snapshot = current_snapshot();
  const auto base = index_.manifest().snapshot_id;
  if (base && table_->metadata().find_snapshot(*base) == nullptr) return std::unexpected(error);
  if (snapshot != base) {
    const auto items = items_of(request);
    EC_ASSIGN_OR_RETURN(const auto caught, catch_up_from(index_, items));
    caught.index.retire_except({&named_, &index_});  // load_index() may find a better one
    const auto gone = std::ranges::find_if(request.removed, [&](const iceberg::DataFile& file) {
      return std::ranges::binary_search(caught.removed_files, storage::place_key(file.file_path));
    });
    if (gone != request.removed.end() || caught.touched_watched) {
      return fail(ErrorKind::kConflict, "{}: another writer changed {} while this commit was made (snapshot {})", uri_,
                  gone != request.removed.end() ? "the file " + gone->file_path : std::string("the same items"),
                  snapshot.value_or(0));
    }
  }
  EC_TRY(adopt_table());
  return load_index();
}

}  // namespace earthcatalog::catalog
