#include "earthcatalog/backfill/phases/rest_of_listing.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::int64_t kMemoryBytes = 256 << 20;

using Sorter = extsort::HashSorter<extsort::HashKey>;

// How many there are.
Result<std::int64_t> add_chunk(const Staging& staging, std::int64_t chunk, Sorter& names) {
  std::int64_t objects = 0;
  EC_TRY(inventory::for_each_object(staging.stores(), staging.chunk({chunk, 0}), {.suffix = ""},
                                    [&](const storage::ObjectRef& object) {
                                      ++objects;
                                      return names.add({object_hash(object.bucket, object.key)});
                                    }));
  return objects;
}

}  // namespace

Result<RestOfListing> RestOfListing::make(const Staging& staging, RunRecord& record, bool count_more) {
  const extsort::HashTableOptions half{.memory_bytes = kMemoryBytes / 2};
  Sorter names(half);
  for (std::int64_t chunk = 0; chunk < record.chunks; ++chunk) EC_TRY(add_chunk(staging, chunk, names));
  while (count_more) {
    EC_ASSIGN_OR_RETURN(const bool present, staging.exists(staging.chunk({record.chunks, 0})));
    if (!present) break;
    EC_ASSIGN_OR_RETURN(const auto objects, add_chunk(staging, record.chunks, names));
    record.items += objects;
    ++record.chunks;
  }
  EC_ASSIGN_OR_RETURN(auto table, extsort::to_table(names, half));
  return RestOfListing(std::move(table));
}

Status RestOfListing::next(inventory::Inventory& listing, std::vector<storage::ObjectRef>& objects,
                           std::size_t most) const {
  objects.clear();
  std::vector<storage::ObjectRef> batch;
  while (objects.size() < most) {
    EC_TRY(listing.next(batch, most - objects.size()));
    if (batch.empty()) return {};
    for (auto& object : batch) {
      EC_ASSIGN_OR_RETURN(const bool known, in_chunks_.contains(object_hash(object.bucket, object.key)));
      if (!known) objects.push_back(std::move(object));
    }
  }
  return {};
}

}  // namespace earthcatalog::backfill
