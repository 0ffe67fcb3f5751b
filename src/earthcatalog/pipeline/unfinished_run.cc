#include "earthcatalog/pipeline/unfinished_run.h"

#include <nlohmann/json.hpp>

namespace earthcatalog::pipeline {

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

Status write_unfinished_run(storage::Stores& stores, const std::string& warehouse, const std::string& run_id) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(unfinished_run_uri(warehouse)));
  const nlohmann::json json = {{"run_id", run_id}};
  EC_ASSIGN_OR_RETURN(const auto stored, where.store->put(where.key, json.dump()));
  (void)stored;
  return {};
}

}  // namespace earthcatalog::pipeline
