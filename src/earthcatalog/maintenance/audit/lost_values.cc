#include "earthcatalog/maintenance/audit/lost_values.h"

#include <algorithm>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <utility>

#include "earthcatalog/iceberg/manifest/manifest.h"

namespace earthcatalog::maintenance {
namespace {

using iceberg::DataFile;
using iceberg::PartitionKey;

// Files that a snapshot added to a partition or removed from it.
struct Changes {
  std::vector<DataFile> removed, added;
};
using ChangesByPartition = std::map<PartitionKey, Changes>;

struct Loss {
  std::int64_t snapshot_id = 0;
  std::map<int, std::int64_t> values;  // by field id
  std::set<std::string> files;         // that have the rows
};

// The snapshots that led to the current one, the oldest first.
std::vector<const iceberg::Snapshot*> history_of(const iceberg::TableMetadata& metadata) {
  std::vector<const iceberg::Snapshot*> history;
  for (const auto* at = metadata.current_snapshot(); at != nullptr && history.size() < metadata.snapshots.size();
       at = at->parent_snapshot_id ? metadata.find_snapshot(*at->parent_snapshot_id) : nullptr) {
    history.push_back(at);
  }
  std::ranges::reverse(history);
  return history;
}

Status read_changes(const iceberg::Table& table, const iceberg::ManifestFile& manifest, ChangesByPartition& changes) {
  const auto* spec = table.metadata().find_spec(manifest.partition_spec_id);
  if (spec == nullptr) return fail(ErrorKind::kInvalidData, "{} has an unknown spec", manifest.manifest_path);
  EC_ASSIGN_OR_RETURN(const auto where, table.stores().locate(manifest.manifest_path));
  EC_ASSIGN_OR_RETURN(const auto object, where.store->get(where.key));
  if (!object) return fail(ErrorKind::kNotFound, "{} does not exist", manifest.manifest_path);
  const iceberg::ManifestReadOptions options{.live_only = false, .only_counts = true};
  return iceberg::read_manifest(object->bytes, manifest, *spec, options, [&](iceberg::ManifestEntry&& entry) -> Status {
    if (entry.snapshot_id != manifest.added_snapshot_id || entry.status == iceberg::ManifestStatus::kExisting)
      return {};
    auto& [removed, added] = changes[entry.data_file.partition];
    (entry.status == iceberg::ManifestStatus::kAdded ? added : removed).push_back(std::move(entry.data_file));
    return {};
  });
}

Result<ChangesByPartition> changes_of(const iceberg::Table& table, const iceberg::Snapshot& snapshot) {
  ChangesByPartition changes;
  EC_ASSIGN_OR_RETURN(const auto manifests, table.manifests(snapshot.snapshot_id));
  for (const auto& manifest : manifests) {
    const bool own = manifest.added_snapshot_id == snapshot.snapshot_id;
    if (own && manifest.content == iceberg::ManifestContent::kData) EC_TRY(read_changes(table, manifest, changes));
  }
  return changes;
}

std::int64_t rows_of(const std::vector<DataFile>& files) {
  std::int64_t rows = 0;
  for (const auto& file : files) rows += file.record_count;
  return rows;
}

// Nothing when one of the files does not tell.
std::optional<std::int64_t> values_of(const std::vector<DataFile>& files, int field_id) {
  std::int64_t sum = 0;
  for (const auto& file : files) {
    const auto* values = file.value_counts.find(field_id);
    const auto* nulls = file.null_value_counts.find(field_id);
    if (values == nullptr || nulls == nullptr) return std::nullopt;
    sum += *values - *nulls;
  }
  return sum;
}

class History {
 public:
  explicit History(const iceberg::Table& table) : table_(table) {
    for (const auto& field : table.schema().fields) add_column(field, field.name);
  }

  Status read() {
    for (const auto* snapshot : history_of(table_.metadata())) {
      auto changes = changes_of(table_, *snapshot);
      if (!changes && changes.error().kind == ErrorKind::kNotFound) continue;
      if (!changes) return std::unexpected(std::move(changes).error());
      for (const auto& [partition, changed] : *changes) take(*snapshot, partition, changed);
    }
    return {};
  }

  void tell(const std::function<void(const LostValues&)>& visit) const {
    for (const auto& [partition, loss] : losses_) {
      for (const auto& [field_id, values] : loss.values) {
        visit({.partition = partition,
               .column = columns_.at(field_id),
               .values = values,
               .snapshot_id = loss.snapshot_id,
               .files = {loss.files.begin(), loss.files.end()}});
      }
    }
  }

 private:
  void add_column(const iceberg::NestedField& field, const std::string& name) {
    if (field.type.fields.empty()) columns_.emplace(field.field_id, name);
    for (const auto& member : field.type.fields) add_column(member, name + "." + member.name);
  }

  void take(const iceberg::Snapshot& snapshot, const PartitionKey& partition, const Changes& changes) {
    const bool same_rows = snapshot.operation() == "replace" && rows_of(changes.removed) == rows_of(changes.added);
    follow(partition, changes, same_rows);
    if (!same_rows) return;
    for (const auto& [field_id, name] : columns_) {
      const auto before = values_of(changes.removed, field_id), after = values_of(changes.added, field_id);
      if (!before || !after || *after >= *before) continue;
      auto& loss = losses_.try_emplace(partition, Loss{.snapshot_id = snapshot.snapshot_id}).first->second;
      loss.values[field_id] += *before - *after;
      for (const auto& file : changes.added) loss.files.insert(file.file_path);
    }
  }

  // Rows that lack values go from file to file, until so many nulls have gone that they were written anew.
  void follow(const PartitionKey& partition, const Changes& changes, bool same_rows) {
    const auto at = losses_.find(partition);
    if (at == losses_.end()) return;
    Loss& loss = at->second;
    std::size_t met = 0;
    for (const auto& file : changes.removed) met += loss.files.erase(file.file_path);
    if (met == 0) return;
    for (const auto& file : changes.added) loss.files.insert(file.file_path);
    for (auto& [field_id, values] : loss.values) {
      if (!same_rows) values -= nulls(changes.removed, field_id) - nulls(changes.added, field_id);
    }
    std::erase_if(loss.values, [](const auto& value) { return value.second <= 0; });
    if (loss.values.empty() || loss.files.empty()) losses_.erase(at);
  }

  static std::int64_t nulls(const std::vector<DataFile>& files, int field_id) {
    return rows_of(files) - values_of(files, field_id).value_or(rows_of(files));
  }

  const iceberg::Table& table_;
  std::map<int, std::string> columns_;
  std::map<PartitionKey, Loss> losses_;
};

}  // namespace

Status find_lost_values(const iceberg::Table& table, const std::function<void(const LostValues&)>& visit) {
  History history(table);
  EC_TRY(history.read());
  history.tell(visit);
  return {};
}

}  // namespace earthcatalog::maintenance
