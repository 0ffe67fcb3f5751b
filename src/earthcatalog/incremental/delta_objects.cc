#include "earthcatalog/incremental/delta_objects.h"

#include <functional>
#include <vector>

#include "earthcatalog/extsort/anti_join.h"
#include "earthcatalog/extsort/hash_sorter.h"
#include "earthcatalog/extsort/sorted_merge.h"
#include "earthcatalog/index/hash_index_file.h"
#include "earthcatalog/inventory/diff/newest_object.h"

namespace earthcatalog::incremental {
namespace {

using extsort::HashKey;
using index::ObjectState;

constexpr std::size_t kPending = 2;  // first sorter of pending inventories

// The id that an object's item has by the peer's rule.
struct NamedId {
  Hash128 key;  // of the id
  Hash128 object;
  auto operator<=>(const NamedId&) const = default;
};

NamedId named_id(const storage::ObjectRef& object, std::string_view suffix) {
  std::string_view name = object.key;
  name.remove_prefix(name.rfind('/') + 1);
  name.remove_suffix(suffix.size());
  return {.key = id_hash(name), .object = object_hash(object.bucket, object.key)};
}

// Takes rows in the order of their names.
class Merge {
 public:
  explicit Merge(inventory::ChangeWriter& writer) : writer_(writer) {}

  Status take(std::size_t sorter, const extsort::SortedObject& row) {
    if (row.name != name_) {
      EC_TRY(settle());
      name_.assign(row.name);
    }
    if (sorter < kPending) ++rows_;
    if (newest_.offer(row)) change_ = sorter % kPending == 0 ? inventory::Change::kAdded : inventory::Change::kChanged;
    return {};
  }

  Status settle() {
    if (newest_.empty()) return {};
    extsort::SortedObject row = newest_.row();
    row.name = name_;
    EC_TRY(writer_.append(change_, row));
    if (rows_ == 0) {
      ++counts_.taken_up;
    } else {
      ++(change_ == inventory::Change::kAdded ? counts_.added : counts_.changed);
      counts_.duplicates += rows_ - 1;
    }
    rows_ = 0;
    newest_.clear();
    return {};
  }

  const DeltaObjects::Counts& counts() const { return counts_; }

 private:
  inventory::ChangeWriter& writer_;
  DeltaObjects::Counts counts_;
  std::string name_;
  inventory::NewestObject newest_;
  inventory::Change change_ = inventory::Change::kAdded;
  std::int64_t rows_ = 0;  // of the inventory, not of pending ones
};

}  // namespace

DeltaObjects::DeltaObjects(const std::string& scratch_folder, std::int64_t memory_bytes)
    : scratch_folder_(scratch_folder),
      memory_bytes_(memory_bytes),
      sorters_{extsort::ObjectSorter({scratch_folder, memory_bytes / 4}),
               extsort::ObjectSorter({scratch_folder, memory_bytes / 4}),
               extsort::ObjectSorter({scratch_folder, memory_bytes / 4}),
               extsort::ObjectSorter({scratch_folder, memory_bytes / 4})} {}

Status DeltaObjects::add(inventory::Change change, bool pending, const storage::ObjectRef& object) {
  ++gathered_;
  return sorters_[(pending ? kPending : 0) + (change == inventory::Change::kAdded ? 0 : 1)].add(object);
}

Result<std::int64_t> DeltaObjects::add_by_object(storage::Stores& stores, const std::string& uri,
                                                 const inventory::InventoryOptions& options,
                                                 const index::ObjectIndex& index, bool pending) {
  std::int64_t unchanged = 0;
  EC_ASSIGN_OR_RETURN(const auto inventory, inventory::open_inventory(stores, uri, options));
  EC_TRY(inventory::for_each_batch(*inventory, [&](std::span<const storage::ObjectRef> batch) -> Status {
    EC_ASSIGN_OR_RETURN(const auto states, index.lookup(batch));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (states[i] == ObjectState::kUnchanged) {
        ++unchanged;
      } else {
        EC_TRY(add(states[i] == ObjectState::kUnknown ? inventory::Change::kAdded : inventory::Change::kChanged,
                   pending, batch[i]));
      }
    }
    return {};
  }));
  return unchanged;
}

// The inventory is read twice: for the ids, and for the objects whose id is unknown.
Result<std::int64_t> DeltaObjects::add_by_id(storage::Stores& stores, const std::string& uri,
                                             const inventory::InventoryOptions& options,
                                             const storage::Location& where) {
  const extsort::HashTableOptions sorting{.scratch_folder = scratch_folder_, .memory_bytes = memory_bytes_ / 4};
  EC_ASSIGN_OR_RETURN(const auto known, index::HashIndexReader::open(where));
  extsort::HashSorter<NamedId> ids(sorting);
  EC_TRY(inventory::for_each_object(stores, uri, options, [&](const storage::ObjectRef& object) {
    return ids.add(named_id(object, options.suffix));
  }));
  extsort::HashSorter<HashKey> unknown(sorting);
  extsort::StreamAntiJoin join(*known);
  EC_TRY(ids.drain([&](std::span<const NamedId> part) {
    return join.add(part, [&](std::span<const NamedId> missing) -> Status {
      for (const auto& id : missing) EC_TRY(unknown.add({id.object}));
      return {};
    });
  }));
  EC_ASSIGN_OR_RETURN(const auto wanted, extsort::to_table(unknown, sorting));
  std::int64_t unchanged = 0;
  EC_TRY(inventory::for_each_object(stores, uri, options, [&](const storage::ObjectRef& object) -> Status {
    EC_ASSIGN_OR_RETURN(const bool is_new, wanted.contains(object_hash(object.bucket, object.key)));
    if (is_new) EC_TRY(add(inventory::Change::kAdded, false, object));
    unchanged += is_new ? 0 : 1;
    return {};
  }));
  return unchanged;
}

Result<DeltaObjects::Counts> DeltaObjects::write(const storage::Location& where) {
  std::vector<extsort::RunCursor> cursors;
  for (std::size_t i = 0; i < sorters_.size(); ++i) {
    EC_TRY(sorters_[i].finish(i, cursors));
  }
  EC_ASSIGN_OR_RETURN(const auto writer, inventory::ChangeWriter::create(where));
  Merge merge(*writer);
  EC_TRY(extsort::merge_sorted(cursors, extsort::RunCursor::before, [&](const extsort::RunCursor& cursor) {
    return merge.take(cursor.source, cursor.object);
  }));
  EC_TRY(merge.settle());
  EC_TRY(writer->finish());
  return merge.counts();
}

}  // namespace earthcatalog::incremental
