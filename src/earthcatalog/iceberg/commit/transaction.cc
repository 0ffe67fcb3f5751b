#include "earthcatalog/iceberg/commit/transaction.h"

#include <set>

#include "earthcatalog/iceberg/commit/commit_internal.h"
#include "earthcatalog/iceberg/metadata/random_internal.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::iceberg {

class Transaction::Impl {
 public:
  Change change;
};

Transaction::Transaction(const Table& base) : impl_(std::make_unique<Impl>()) {
  Change& change = impl_->change;
  change.snapshot_id = random_snapshot_id();
  change.base_schema = change.schema = base.schema();
  change.base_last_column_id = change.last_column_id = base.metadata().last_column_id;
  change.new_schema_id = 0;
  for (const Schema& schema : base.metadata().schemas) {
    change.new_schema_id = std::max(change.new_schema_id, schema.schema_id + 1);
  }
}

Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

std::int64_t Transaction::snapshot_id() const { return impl_->change.snapshot_id; }
const Schema& Transaction::schema() const { return impl_->change.schema; }

Result<Schema> Transaction::add_columns(std::vector<NestedField> columns) {
  Change& change = impl_->change;
  if (columns.empty()) return change.schema;
  Schema next = change.schema;
  for (const NestedField& column : columns) {
    if (column.required) {
      return fail(ErrorKind::kInvalidArgument, "column {} is required; the rows that are there have no value",
                  column.name);
    }
    if (next.find(column.name) != nullptr) {
      return fail(ErrorKind::kInvalidArgument, "the table has a column {} already", column.name);
    }
    next.fields.push_back(column);  // found by the next one of the same name
  }
  assign_ids(columns, change.last_column_id);
  next.fields = change.schema.fields;
  next.fields.insert(next.fields.end(), columns.begin(), columns.end());
  next.schema_id = change.new_schema_id;
  change.schema = next;
  return next;
}

void Transaction::append(std::vector<DataFile> files) {
  auto& added = impl_->change.added;
  added.insert(added.end(), std::make_move_iterator(files.begin()), std::make_move_iterator(files.end()));
}

void Transaction::remove(const std::vector<DataFile>& files) {
  for (const DataFile& file : files) impl_->change.removed[storage::place_key(file.file_path)] = file.partition;
}

void Transaction::rows_unchanged() { impl_->change.rows_unchanged = true; }

void Transaction::remove_snapshots(const std::vector<std::int64_t>& snapshot_ids) {
  impl_->change.removed_snapshots.insert(snapshot_ids.begin(), snapshot_ids.end());
}

void Transaction::forget_metadata_before(std::int64_t timestamp_ms) {
  impl_->change.forget_metadata_before_ms = timestamp_ms;
}

void Transaction::move_tag(std::string name) { impl_->change.moved_tags.insert(std::move(name)); }

void Transaction::set_property(std::string key, std::string value) {
  impl_->change.properties[std::move(key)] = std::move(value);
}

void Transaction::set_summary(std::string key, std::string value) {
  impl_->change.summary[std::move(key)] = std::move(value);
}

Result<CommitResult> Transaction::commit(Table& table, const CommitOptions& options) {
  return annotate(Committer(impl_->change, table, options).commit(),
                  fmt::format("committing to {}.{}", table.identifier().name_space, table.identifier().name));
}

}  // namespace earthcatalog::iceberg
