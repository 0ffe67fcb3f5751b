#include "earthcatalog/backfill/cleanup.h"

#include <vector>

namespace earthcatalog::backfill {
namespace {

constexpr std::size_t kBatch = 1000;

Status remove_folder(const Staging& staging, std::string_view folder, std::string_view kept_uri) {
  EC_ASSIGN_OR_RETURN(const auto where, staging.stores().locate(storage::join_uri(staging.root(), folder)));
  std::vector<std::string> keys;
  EC_TRY(where.store->list(where.key + "/", [&](const storage::ObjectInfo& info) -> Status {
    if (where.store->uri(info.key) != kept_uri) keys.push_back(info.key);
    return {};
  }));
  for (std::size_t first = 0; first < keys.size(); first += kBatch) {
    EC_TRY(where.store->remove(std::span(keys).subspan(first, std::min(kBatch, keys.size() - first))));
  }
  return {};
}

}  // namespace

Status cleanup_staging(const Staging& staging, Kept kept) {
  const auto record = staging.run_record();
  EC_TRY(remove_folder(staging, "compacted", record));
  EC_TRY(remove_folder(staging, "staging", record));
  if (kept == Kept::kNothing) EC_TRY(remove_folder(staging, "pending_chunks", record));
  EC_TRY(remove_folder(staging, "chunks", record));
  return kept == Kept::kPending ? Status{} : staging.remove(record);
}

}  // namespace earthcatalog::backfill
