#include "earthcatalog/incremental/pending_deltas.h"

namespace earthcatalog::incremental {
namespace {

constexpr std::string_view kFolder = "delta/pending/", kSuffix = ".parquet";

}  // namespace

Result<std::string> new_pending_delta(storage::Stores& stores, std::string_view warehouse, std::string_view run_id) {
  for (int number = 1;; ++number) {
    const std::string name = number == 1 ? std::string(run_id) : fmt::format("{}_{}", run_id, number);
    EC_ASSIGN_OR_RETURN(const auto where,
                        stores.locate(storage::join_uri(warehouse, fmt::format("{}{}{}", kFolder, name, kSuffix))));
    EC_ASSIGN_OR_RETURN(const auto there, where.store->head(where.key));
    if (!there) return where.uri();
  }
}

Result<std::vector<std::string>> list_pending_deltas(storage::Stores& stores, std::string_view warehouse) {
  EC_ASSIGN_OR_RETURN(const auto folder, stores.locate(storage::join_uri(warehouse, kFolder)));
  std::string prefix = folder.key;
  if (!prefix.ends_with('/')) prefix += '/';
  std::vector<std::string> uris;
  EC_TRY(folder.store->list(prefix, [&](const storage::ObjectInfo& file) -> Status {
    if (file.key.ends_with(kSuffix)) uris.push_back(folder.store->uri(file.key));
    return {};
  }));
  return uris;
}

Status remove_pending_deltas(storage::Stores& stores, const std::vector<std::string>& uris) {
  for (const auto& uri : uris) {
    EC_ASSIGN_OR_RETURN(const auto where, stores.locate(uri));
    EC_TRY(where.store->remove({&where.key, 1}));
  }
  return {};
}

}  // namespace earthcatalog::incremental
