#include "earthcatalog/cli/options/inventory_flags.h"

#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/cli/options/settings.h"

namespace earthcatalog::cli {

void InventoryFlags::add(CLI::App& app, const std::string& group) {
  app.add_option("--suffix", suffix, "keys that end so are items")->capture_default_str()->group(group);
  as_path(app.add_option("--source-root", source_root,
                         "where buckets are: s3://, or file:///data/ for /data/<bucket>/<key>"))
      ->capture_default_str()
      ->group(group);
  app.add_option("--key-encoding", key_encoding, "spelling of keys in a CSV (default: url without a header, else raw)")
      ->check(CLI::IsMember({"raw", "url"}))
      ->group(group);
}

void InventoryFlags::add_limit(CLI::App& app, const std::string& group) {
  app.add_option("--limit", limit, "only the first N keys after suffix and since; 0: all")
      ->check(at_least(0))
      ->group(group);
}

std::string InventoryFlags::root() const {
  return source_root.starts_with('/') ? "file://" + source_root : source_root;
}

Result<inventory::InventoryOptions> InventoryFlags::options() const {
  inventory::InventoryOptions options;
  if (limit != 0) options.limit = limit;
  options.suffix = suffix;
  options.source_root = root();
  if (key_encoding == "raw") options.key_encoding = inventory::KeyEncoding::kRaw;
  if (key_encoding == "url") options.key_encoding = inventory::KeyEncoding::kUrl;
  if (!since.empty()) {
    EC_ASSIGN_OR_RETURN(options.since, annotate(inventory::parse_since(since, system_now()), "--since"));
  }
  return options;
}

Status choose_inventory(Session& session, storage::Stores& stores, std::string& inventory) {
  EC_ASSIGN_OR_RETURN(auto chosen, inventory::find_inventory(stores, inventory));
  if (chosen == inventory) return {};
  session.note(fmt::format("{} is a folder of inventories; the newest complete one is {}", inventory, chosen));
  inventory = std::move(chosen);
  return {};
}

}  // namespace earthcatalog::cli
