#include "earthcatalog/catalog/index_run.h"

#include "earthcatalog/catalog/hash_sorter.h"

namespace earthcatalog::catalog {
namespace {

std::uint64_t etag_bits(std::string_view etag) { return prefix_of(hash128(etag)); }

}  // namespace

PackedVersion::PackedVersion(const RunKey& key)
    : bits_((key.owns_rows ? kOwnerBit : 0) | (key.forgotten ? kForgottenBit : 0)),
      last_modified_(key.last_modified.value_or(INT64_MIN)),
      size_(key.size_bytes.value_or(-1)) {
  if (!key.etag.empty()) bits_ |= kEtagBit | (etag_bits(key.etag) & ~kFlags);
}

bool PackedVersion::matches(const storage::ObjectRef& now) const {
  if ((bits_ & kEtagBit) != 0 && !now.etag.empty()) return (bits_ & ~kFlags) == (etag_bits(now.etag) & ~kFlags);
  if (last_modified_ != INT64_MIN && now.last_modified) return same_modification(last_modified_, *now.last_modified);
  if (size_ >= 0 && now.size_bytes) return size_ == *now.size_bytes;
  return true;
}

HashTableOptions table_options(const ObjectIndexOptions& options) {
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

// What cannot be removed now is left to `expire`.
IndexRun::~IndexRun() {
  if (!retired_) return;
  const auto where = stores_.locate(info_.uri);
  if (where) (void)where->store->remove({&where->key, 1});
}

Status IndexRun::load_reader() const {
  if (reader_) return {};
  EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(info_.uri));
  EC_ASSIGN_OR_RETURN(reader_, RunReader::open(where, info_.size_bytes));
  return {};
}

Status IndexRun::load_objects() const {
  if (objects_) return {};
  EC_TRY(load_reader());
  auto table = std::make_unique<ObjectTable>(reader_->rows(), table_options(options_));
  EC_TRY(reader_->scan_keys([&](const RunKey& key) {
    return table->append({.key = key.object, .identity = key.identity, .version = PackedVersion(key)});
  }));
  EC_TRY(table->finish());
  objects_ = std::move(table);
  return {};
}

Status IndexRun::load_identities() const {
  if (identities_) return {};
  EC_TRY(load_objects());
  HashSorter<IdentityRecord> sorter(table_options(options_));
  EC_TRY(objects_->scan([&](std::int64_t position, const ObjectRecord& record) -> Status {
    if (record.version.forgotten()) return {};
    return sorter.add({.key = record.identity, .position = position});
  }));
  auto table = std::make_unique<IdentityTable>(sorter.size(), table_options(options_));
  EC_TRY(sorter.drain([&](std::span<const IdentityRecord> records) -> Status {
    for (const auto& record : records) EC_TRY(table->append(record));
    return {};
  }));
  EC_TRY(table->finish());
  identities_ = std::move(table);
  return {};
}

Result<const RunReader*> IndexRun::reader() const {
  const std::lock_guard guard(loading_);
  EC_TRY(load_reader());
  return reader_.get();
}

Result<const ObjectTable*> IndexRun::objects() const {
  const std::lock_guard guard(loading_);
  EC_TRY(load_objects());
  return objects_.get();
}

Result<const IdentityTable*> IndexRun::identities() const {
  const std::lock_guard guard(loading_);
  EC_TRY(load_identities());
  return identities_.get();
}

}  // namespace earthcatalog::catalog
