#include "earthcatalog/backfill/phases/cleanup.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/catalog/unfinished_run.h"

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

// All of it is ours.
Status cleanup_direct(const Staging& staging, Kept kept) {
  const auto record = staging.run_record();
  const auto pending = storage::join_uri(staging.root(), "pending_chunks/");
  EC_TRY(remove_folders(staging.stores(), {staging.parts(), staging.root()}, [&](const std::string& uri) {
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
  std::vector<std::string> folders;
  for (const char* name : {"compacted", "staging", "pending_chunks", "chunks"}) {
    if (kept != Kept::kNothing && name == std::string_view("pending_chunks")) continue;
    folders.push_back(storage::join_uri(staging.root(), name));
  }
  EC_TRY(remove_folders(staging.stores(), folders, [&](const std::string& uri) { return uri == record; }));
  return kept == Kept::kPending ? Status{} : staging.remove(record);
}

}  // namespace earthcatalog::backfill
