#include <nlohmann/json.hpp>

#include "earthcatalog/index/object_index.h"

namespace earthcatalog::index {

std::string IndexManifest::to_json() const {
  nlohmann::ordered_json object;
  object["snapshot-id"] = nullptr;
  if (snapshot_id) object["snapshot-id"] = *snapshot_id;
  if (items) object["items"] = *items;
  object["runs"] = nlohmann::ordered_json::array();
  for (const auto& run : runs) {
    object["runs"].push_back({{"path", run.uri}, {"entries", run.entries}, {"size", run.size_bytes}});
  }
  return object.dump();
}

Result<IndexManifest> IndexManifest::parse(std::string_view text) {
  const auto invalid = [&] {
    return fail(ErrorKind::kInvalidData, "the table property earthcatalog.object-index makes no sense: {}", text);
  };
  const auto object = nlohmann::json::parse(text, nullptr, false);
  if (!object.is_object() || !object.contains("runs") || !object["runs"].is_array()) return invalid();
  IndexManifest manifest;
  if (const auto id = object.find("snapshot-id"); id != object.end() && id->is_number_integer()) {
    manifest.snapshot_id = id->get<std::int64_t>();
  }
  manifest.items.reset();
  if (const auto items = object.find("items"); items != object.end() && items->is_number_integer()) {
    manifest.items = items->get<std::int64_t>();
  }
  for (const auto& run : object["runs"]) {
    const auto has = [&](const char* name, auto is) { return run.contains(name) && (run[name].*is)(); };
    if (!run.is_object() || !has("path", &nlohmann::json::is_string) ||
        !has("entries", &nlohmann::json::is_number_integer) || !has("size", &nlohmann::json::is_number_integer)) {
      return invalid();
    }
    manifest.runs.push_back({.uri = run["path"], .entries = run["entries"], .size_bytes = run["size"]});
  }
  return manifest;
}

}  // namespace earthcatalog::index
