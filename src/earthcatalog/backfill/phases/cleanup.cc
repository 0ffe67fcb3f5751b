#include "earthcatalog/backfill/phases/cleanup.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <vector>

#include "earthcatalog/backfill/stop.h"
#include "earthcatalog/base/parallel.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::size_t kBatch = 1000;

using IsKept = std::function<bool(const std::string& uri)>;

// The folders are listed at the same time, and emptied one after the other, in their order.
Result<std::int64_t> remove_folders(storage::Stores& stores, const std::vector<std::string>& folders,
                                    const IsKept& is_kept, const Hooks& hooks) {
  std::vector<storage::Location> places(folders.size());
  std::vector<std::vector<std::string>> keys(folders.size());
  EC_TRY(parallel_for(folders.size(), stores.parallel(1), [&](std::size_t i) -> Status {
    EC_ASSIGN_OR_RETURN(places[i], stores.locate(folders[i]));
    return places[i].store->list(places[i].key + "/", [&](const storage::ObjectInfo& info) -> Status {
      if (!is_kept(places[i].store->uri(info.key))) keys[i].push_back(info.key);
      return {};
    });
  }));
  std::int64_t removed = 0;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    EC_TRY(parallel_for((keys[i].size() + kBatch - 1) / kBatch, stores.parallel(1), [&](std::size_t batch) -> Status {
      EC_TRY(check_stop(hooks));
      const std::size_t first = batch * kBatch;
      return places[i].store->remove(std::span(keys[i]).subspan(first, std::min(kBatch, keys[i].size() - first)));
    }));
    removed += std::ssize(keys[i]);
  }
  return removed;
}

}  // namespace

Result<std::int64_t> cleanup_staging(const Staging& staging, Kept kept, const Hooks& hooks) {
  const auto record = staging.run_record();
  const auto pending = storage::join_uri(staging.root(), "pending_chunks");
  auto folders = staging.form().folders();
  if (kept != Kept::kNothing) std::erase(folders, pending);
  std::atomic<bool> recorded = false;
  const auto is_kept = [&](const std::string& uri) {
    if (uri == record) recorded = true;
    return uri == record || (kept != Kept::kNothing && uri.starts_with(pending + "/"));
  };
  EC_ASSIGN_OR_RETURN(const auto removed, remove_folders(staging.stores(), folders, is_kept, hooks));
  if (kept == Kept::kPending) return removed;  // as long as something is pending, the backfill is not finished
  EC_TRY(staging.remove(record));
  EC_TRY(staging.form().release(staging.stores()));
  return removed + (recorded ? 1 : 0);
}

}  // namespace earthcatalog::backfill
