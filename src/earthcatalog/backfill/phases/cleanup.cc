#include "earthcatalog/backfill/phases/cleanup.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/catalog/unfinished_run.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::size_t kBatch = 1000;

Status remove_folder(storage::Stores& stores, const std::string& folder,
                     const std::function<bool(const std::string& uri)>& is_kept) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(folder));
  std::vector<std::string> keys;
  EC_TRY(where.store->list(where.key + "/", [&](const storage::ObjectInfo& info) -> Status {
    if (!is_kept(where.store->uri(info.key))) keys.push_back(info.key);
    return {};
  }));
  return parallel_for((keys.size() + kBatch - 1) / kBatch, stores.parallel(1), [&](std::size_t batch) {
    const std::size_t first = batch * kBatch;
    return where.store->remove(std::span(keys).subspan(first, std::min(kBatch, keys.size() - first)));
  });
}

// All of it is ours.
Status cleanup_direct(const Staging& staging, Kept kept) {
  const auto record = staging.run_record();
  const auto pending = storage::join_uri(staging.root(), "pending_chunks/");
  EC_TRY(remove_folder(staging.stores(), staging.parts(), [](const auto&) { return false; }));
  EC_TRY(remove_folder(staging.stores(), staging.root(), [&](const std::string& uri) {
    return uri == record || (kept != Kept::kNothing && uri.starts_with(pending));
  }));
  if (kept == Kept::kPending) return {};  // as long as something is pending, the backfill is not finished
  EC_TRY(staging.remove(record));
  const auto run = catalog::place_of_run(staging.parts());
  return run ? catalog::release_unfinished_run(staging.stores(), run->warehouse, run->run_id) : Status{};
}

}  // namespace

Status cleanup_staging(const Staging& staging, Kept kept) {
  if (staging.is_direct()) return cleanup_direct(staging, kept);
  const auto record = staging.run_record();
  const auto remove = [&](std::string_view folder) {
    return remove_folder(staging.stores(), storage::join_uri(staging.root(), folder),
                         [&](const std::string& uri) { return uri == record; });
  };
  EC_TRY(remove("compacted"));
  EC_TRY(remove("staging"));
  if (kept == Kept::kNothing) EC_TRY(remove("pending_chunks"));
  EC_TRY(remove("chunks"));
  return kept == Kept::kPending ? Status{} : staging.remove(record);
}

}  // namespace earthcatalog::backfill
