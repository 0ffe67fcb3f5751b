#include "earthcatalog/backfill/phases/cleanup.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "earthcatalog/base/parallel.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::size_t kBatch = 1000;

using IsKept = std::function<bool(const std::string& uri)>;

// The folders are listed at the same time, and emptied one after the other, in their order.
Status remove_folders(storage::Stores& stores, const std::vector<std::string>& folders, const IsKept& is_kept) {
  std::vector<storage::Location> places(folders.size());
  std::vector<std::vector<std::string>> keys(folders.size());
  EC_TRY(parallel_for(folders.size(), stores.parallel(1), [&](std::size_t i) -> Status {
    EC_ASSIGN_OR_RETURN(places[i], stores.locate(folders[i]));
    return places[i].store->list(places[i].key + "/", [&](const storage::ObjectInfo& info) -> Status {
      if (!is_kept(places[i].store->uri(info.key))) keys[i].push_back(info.key);
      return {};
    });
  }));
  for (std::size_t i = 0; i < folders.size(); ++i) {
    EC_TRY(parallel_for((keys[i].size() + kBatch - 1) / kBatch, stores.parallel(1), [&](std::size_t batch) {
      const std::size_t first = batch * kBatch;
      return places[i].store->remove(std::span(keys[i]).subspan(first, std::min(kBatch, keys[i].size() - first)));
    }));
  }
  return {};
}

}  // namespace

Status cleanup_staging(const Staging& staging, Kept kept) {
  const auto record = staging.run_record();
  const auto pending = storage::join_uri(staging.root(), "pending_chunks");
  auto folders = staging.form().folders();
  if (kept != Kept::kNothing) std::erase(folders, pending);
  EC_TRY(remove_folders(staging.stores(), folders, [&](const std::string& uri) {
    return uri == record || (kept != Kept::kNothing && uri.starts_with(pending + "/"));
  }));
  if (kept == Kept::kPending) return {};  // as long as something is pending, the backfill is not finished
  EC_TRY(staging.remove(record));
  return staging.form().release(staging.stores());
}

}  // namespace earthcatalog::backfill
