#include "earthcatalog/index/index_run.h"

#include "earthcatalog/extsort/hash_sorter.h"

namespace earthcatalog::index {
extsort::HashTableOptions table_options(const ObjectIndexOptions& options) {
  constexpr std::int64_t kTablesPerRun = 2;
  return {.scratch_folder = options.scratch_folder,
          .memory_bytes = options.memory_bytes / (kTablesPerRun * static_cast<std::int64_t>(options.max_runs))};
}

RunKey key_of(const RunEntry& entry) {
  return {.object = entry.entry.object,
          .identity = entry.entry.identity,
          .etag = entry.entry.etag,
          .last_modified = entry.entry.last_modified,
          .size_bytes = entry.entry.size_bytes,
          .owns_rows = entry.entry.owns_rows() && !entry.forgotten,
          .forgotten = entry.forgotten};
}

PackedVersion version_of(const RunKey& key) {
  PackedVersion version(key.etag, key.last_modified, key.size_bytes);
  if (key.owns_rows) version.set_owns_rows();
  if (key.forgotten) version.set_forgotten();
  return version;
}

// A file that cannot be removed now is left to `expire`.
IndexRun::~IndexRun() {
  if (!retired_) return;
  const auto where = stores_.locate(info_.uri);
  if (where) (void)where->store->remove({&where->key, 1});
}

Status IndexRun::load_reader() const {
  if (reader_) return {};
  EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(info_.uri));
  const bool is_small = info_.size_bytes <= kKeptRunBytes / static_cast<std::int64_t>(options_.max_runs);
  const auto reading = is_small ? RunReader::Reading::kWhole : RunReader::Reading::kByRowGroup;
  EC_ASSIGN_OR_RETURN(reader_, RunReader::open(where, info_.size_bytes, reading));
  return {};
}

Status IndexRun::load_objects() const {
  if (objects_) return {};
  EC_TRY(load_reader());
  auto table = std::make_unique<ObjectTable>(reader_->rows(), table_options(options_));
  EC_TRY(reader_->scan_keys([&](const RunKey& key) {
    return table->append({.key = key.object, .identity = key.identity, .version = version_of(key)});
  }));
  EC_TRY(table->finish());
  objects_ = std::move(table);
  return {};
}

Status IndexRun::load_identities() const {
  if (identities_) return {};
  EC_TRY(load_objects());
  extsort::HashSorter<IdentityRecord> sorter(table_options(options_));
  EC_TRY(objects_->scan([&](std::int64_t position, const ObjectRecord& record) -> Status {
    if (record.version.forgotten()) return {};
    return sorter.add({.key = record.identity, .position = position});
  }));
  EC_ASSIGN_OR_RETURN(auto table, extsort::to_table(sorter, table_options(options_)));
  identities_ = std::make_unique<const IdentityTable>(std::move(table));
  return {};
}

Result<const RunReader*> IndexRun::reader() const {
  const MutexLock guard(loading_);
  EC_TRY(load_reader());
  return reader_.get();
}

Result<const ObjectTable*> IndexRun::objects() const {
  const MutexLock guard(loading_);
  EC_TRY(load_objects());
  return objects_.get();
}

Result<const IdentityTable*> IndexRun::identities() const {
  const MutexLock guard(loading_);
  EC_TRY(load_identities());
  return identities_.get();
}

}  // namespace earthcatalog::index
