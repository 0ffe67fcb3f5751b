#include "earthcatalog/catalog/unfinished_run.h"

#include <nlohmann/json.hpp>

namespace earthcatalog::catalog {

std::string unfinished_run_uri(const std::string& warehouse) {
  return storage::join_uri(warehouse, "_runs/_backfill.json");
}

std::string run_folder(const std::string& warehouse, const std::string& run_id) {
  return storage::join_uri(warehouse, "_runs/" + run_id);
}

std::string parts_folder(const std::string& warehouse, const std::string& run_id) {
  return storage::join_uri(warehouse, "_parts/" + run_id);
}

Result<std::optional<std::string>> read_unfinished_run(storage::Stores& stores, const std::string& warehouse) {
  const auto uri = unfinished_run_uri(warehouse);
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(uri));
  EC_ASSIGN_OR_RETURN(const auto object, where.store->get(where.key));
  if (!object) return std::nullopt;
  const auto json = nlohmann::json::parse(object->bytes, nullptr, false);
  if (!json.is_object() || !json.contains("run_id") || !json["run_id"].is_string()) {
    return fail(ErrorKind::kInvalidData, "{} does not name a run; remove it to begin anew", uri);
  }
  return json["run_id"].get<std::string>();
}

Status claim_unfinished_run(storage::Stores& stores, const std::string& warehouse, const std::string& run_id) {
  const auto uri = unfinished_run_uri(warehouse);
  EC_ASSIGN_OR_RETURN(auto claimed, read_unfinished_run(stores, warehouse));
  if (!claimed) {
    EC_ASSIGN_OR_RETURN(const auto where, stores.locate(uri));
    const nlohmann::json json = {{"run_id", run_id}};
    EC_ASSIGN_OR_RETURN(const auto put, where.store->put(where.key, json.dump(), storage::Existing::kRefuse));
    if (put.stored) return {};
    EC_ASSIGN_OR_RETURN(claimed, read_unfinished_run(stores, warehouse));
  }
  if (claimed == run_id) return {};
  return fail(ErrorKind::kConflict,
              "{}: the backfill {} of this warehouse is not finished; finish it, or give it up: the phase "
              "cleanup_staging with `restart` does",
              uri, claimed.value_or(""));
}

Status release_unfinished_run(storage::Stores& stores, const std::string& warehouse, const std::string& run_id) {
  EC_ASSIGN_OR_RETURN(const auto claimed, read_unfinished_run(stores, warehouse));
  if (claimed != run_id) return {};
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(unfinished_run_uri(warehouse)));
  return where.store->remove({&where.key, 1});
}

std::optional<RunPlace> place_of_run(std::string_view folder) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  for (const std::string_view parent : {"/_runs/", "/_parts/"}) {
    const auto at = folder.rfind(parent);
    if (at == folder.npos || at == 0) continue;
    const auto run_id = folder.substr(at + parent.size());
    if (run_id.empty() || run_id.contains('/')) continue;
    return RunPlace{std::string(folder.substr(0, at)), std::string(run_id)};
  }
  return std::nullopt;
}

}  // namespace earthcatalog::catalog
