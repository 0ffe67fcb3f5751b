#include "earthcatalog/incremental/removed_objects.h"

#include <algorithm>
#include <unordered_set>

#include "earthcatalog/ingest/resolve_versions.h"
#include "earthcatalog/write/remove_rows.h"

namespace earthcatalog::incremental {
namespace {

using index::ObjectEntry;

// Bytes of files that are written anew side by side.
constexpr std::int64_t kRewriteBytes = 64 << 20;

// Everything that goes with the objects that are gone.
struct Deletion {
  write::Removals removals;
  std::vector<Hash128> items;  // that lose rows
  index::IndexUpdate update;
  std::int64_t counting_again = 0;
};

// Objects that were superseded by one that is gone count again; they are forgotten, so that the next run that meets
// them fetches them. (Another named owner of the item there should not be; it is treated alike.) An item of which
// another engine wrote rows too keeps those.
Result<Deletion> plan(const index::ObjectIndex& index, const std::vector<ObjectEntry>& gone) {
  Deletion plan;
  std::unordered_set<Hash128> objects, items;
  for (const auto& entry : gone) {
    objects.insert(entry.object);
    plan.update.forgotten.push_back(entry.object);
    if (entry.owns_rows() && items.insert(entry.identity).second) plan.items.push_back(entry.identity);
    ingest::add_rows_of(entry, plan.removals);
  }
  EC_ASSIGN_OR_RETURN(const auto holders, index.find_holders(plan.items));
  std::unordered_set<Hash128> kept;
  for (const auto& holder : holders) {
    if (objects.contains(holder.object)) continue;
    if (holder.name.empty()) {
      kept.insert(holder.identity);
      continue;
    }
    ingest::add_rows_of(holder, plan.removals);
    plan.update.forgotten.push_back(holder.object);
    ++plan.counting_again;
  }
  plan.update.more_items = std::ssize(kept) - std::ssize(items);
  return plan;
}

bool is_judged(const ObjectEntry& entry, const ListedObjects& listed, const std::string& suffix) {
  return entry.name.ends_with(suffix) && entry.name.starts_with(listed.prefix) &&
         listed.buckets.contains(entry.name.substr(0, entry.name.find('/')));
}

}  // namespace

Result<ListedObjects> list_objects(storage::Stores& stores, const std::string& uri,
                                   const inventory::InventoryOptions& options,
                                   const extsort::HashTableOptions& sorting) {
  extsort::HashSorter<extsort::HashKey> objects(sorting);
  std::set<std::string> buckets;
  EC_ASSIGN_OR_RETURN(const auto inventory, inventory::open_inventory(stores, uri, options));
  EC_TRY(inventory::for_each_object(*inventory, [&](const storage::ObjectRef& object) {
    if (!buckets.contains(object.bucket)) buckets.insert(object.bucket);
    return objects.add({object_hash(object.bucket, object.key)});
  }));
  EC_ASSIGN_OR_RETURN(auto table, extsort::to_table(objects, sorting));
  return ListedObjects{.objects = std::move(table), .buckets = std::move(buckets), .prefix = inventory->info().prefix};
}

Result<RemovedObjects> find_removed(const index::ObjectIndex& index, const ListedObjects& listed,
                                    const std::string& suffix, std::int64_t most_entries) {
  RemovedObjects found;
  EC_TRY(index.scan([&](ObjectEntry&& entry) -> Status {
    if (entry.name.empty()) return {};
    ++found.recorded;
    EC_ASSIGN_OR_RETURN(const bool is_listed, listed.objects.contains(entry.object));
    if (is_listed) return ++found.listed, Status{};
    if (!is_judged(entry, listed, suffix)) return ++found.not_judged, Status{};
    if (++found.removed <= most_entries) found.entries.push_back(std::move(entry));
    return {};
  }));
  return found;
}

Result<DeletedRows> delete_objects(storage::Stores& stores, catalog::Catalog& catalog,
                                   const std::vector<ObjectEntry>& gone, write::FileNames& names, std::size_t workers) {
  DeletedRows deleted;
  if (gone.empty()) return deleted;
  EC_ASSIGN_OR_RETURN(auto plan, incremental::plan(catalog.index(), gone));
  EC_ASSIGN_OR_RETURN(auto schema, catalog.plan_schema(*catalog.item_schema()));
  EC_ASSIGN_OR_RETURN(const auto writer, write::PartitionWriters::make(schema));
  EC_ASSIGN_OR_RETURN(const auto files, write::files_of(catalog.table(), plan.removals));
  EC_ASSIGN_OR_RETURN(auto rewritten, write::remove_rows(stores, files, plan.removals, names, writer,
                                                         stores.parallel(workers, kRewriteBytes)));
  catalog::CommitRequest request;
  request.added = rewritten.added;
  request.removed = std::move(rewritten.removed);
  request.schema = std::move(schema);
  request.summary["earthcatalog.removed-objects"] = std::to_string(gone.size());
  request.summary["earthcatalog.removed-rows"] = std::to_string(rewritten.rows_removed);
  request.objects = std::move(plan.update);
  request.displaced = plan.items;
  const auto outcome = catalog.commit(request);
  if (!outcome) {
    // After any other error a snapshot may name them.
    if (outcome.error().kind == ErrorKind::kConflict) write::discard_files(stores, rewritten.added);
    return std::unexpected(outcome.error());
  }
  deleted.objects = std::ssize(gone);
  deleted.items = std::ssize(plan.items);
  deleted.rows = rewritten.rows_removed;
  deleted.counting_again = plan.counting_again;
  deleted.files_removed = std::ssize(request.removed);
  deleted.files_added = std::ssize(request.added);
  deleted.snapshot_id = outcome->snapshot_id;
  return deleted;
}

}  // namespace earthcatalog::incremental
