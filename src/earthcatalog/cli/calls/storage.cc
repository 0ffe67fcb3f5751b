#include "earthcatalog/cli/calls/storage.h"

#include <nlohmann/json.hpp>

#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/config/storage_settings.h"

namespace earthcatalog::cli {

Result<std::string> storage_section(const std::string& storage) {
  if (storage.empty()) return std::string();
  const auto members = nlohmann::json::parse(storage, nullptr, false);
  // The text is not quoted: it may hold keys.
  if (!members.is_object()) return fail(ErrorKind::kInvalidArgument, "`storage` is no JSON object");
  return members.dump();  // JSON is YAML, but for some of its escapes
}

Result<storage::StorageSettings> call_storage(const std::string& storage) {
  config::StorageRequest request;
  EC_ASSIGN_OR_RETURN(request.section, storage_section(storage));
  return config::storage_settings(request, process_environment);
}

}  // namespace earthcatalog::cli
