#include "earthcatalog/cli/options/read_access.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/storage/object_cache.h"

namespace earthcatalog::cli {

read::TablePlace place_of(const TableAccess& access) {
  return {.catalog = access.catalog, .warehouse = access.warehouse};
}

namespace {

// A year has four digits, an id has more.
std::optional<std::int64_t> snapshot_id_of(std::string_view text) {
  constexpr std::size_t kLongestYear = 4;
  std::int64_t id = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool digits = text.size() > kLongestYear && read.ec == std::errc() && read.ptr == text.data() + text.size();
  return digits ? std::optional(id) : std::nullopt;
}

// Empty when there is no place for one.
std::string cache_folder(const SnapshotFlags& flags) {
  if (!flags.cache.empty()) return flags.cache;
  if (const auto caches = process_environment("XDG_CACHE_HOME")) return *caches + "/earthcatalog";
  if (const auto home = process_environment("HOME")) return *home + "/.cache/earthcatalog";
  return {};
}

std::shared_ptr<const storage::ObjectCache> cache_of(const SnapshotFlags& flags) {
  auto folder = flags.no_cache ? std::string() : cache_folder(flags);
  if (folder.empty()) return nullptr;
  return std::make_shared<const storage::ObjectCache>(storage::ObjectCacheOptions{.folder = std::move(folder)});
}

Result<ReadAccess> open_to_read(Session& session, const TableFlags& flags, RunReport& report,
                                std::shared_ptr<const storage::ObjectCache> cache) {
  EC_ASSIGN_OR_RETURN(auto access, resolve(session, flags));
  EC_TRY(report.begin(access));
  access.storage.cache = std::move(cache);
  auto stores = std::make_unique<storage::Stores>(access.storage);
  EC_ASSIGN_OR_RETURN(auto table, read::TableReader::open(*stores, place_of(access)));
  return ReadAccess{.stores = std::move(stores), .table = std::move(table)};
}

}  // namespace

void SnapshotFlags::add(CLI::App& app) {
  app.add_option("--snapshot-id", snapshot_id, "the snapshot of this id");
  app.add_option("--as-of", as_of,
                 "the snapshot that was current then: 2026-01-31, an RFC 3339 time, or 2d; or a snapshot id");
  app.add_option("--cache", cache, "folder for decoded manifests, 1 GiB at most (default: ~/.cache/earthcatalog)");
  app.add_flag("--no-cache", no_cache, "keep and use nothing of that");
}

Result<ReadAccess> open_to_read(Session& session, const TableFlags& flags, const SnapshotFlags& choice,
                                RunReport& report) {
  EC_ASSIGN_OR_RETURN(auto access, open_to_read(session, flags, report, cache_of(choice)));
  if (choice.snapshot_id && !choice.as_of.empty()) {
    return fail(ErrorKind::kInvalidArgument, "--snapshot-id and --as-of both choose a snapshot: give one");
  }
  if (choice.snapshot_id) {
    EC_ASSIGN_OR_RETURN(access.table, access.table.at_snapshot(*choice.snapshot_id));
  } else if (!choice.as_of.empty()) {
    EC_ASSIGN_OR_RETURN(access.table, annotate(at_state(access.table, choice.as_of), "--as-of"));
  }
  return access;
}

Result<read::TableReader> at_state(const read::TableReader& table, const std::string& state) {
  if (const auto id = snapshot_id_of(state)) return table.at_snapshot(*id);
  EC_ASSIGN_OR_RETURN(const auto time, inventory::parse_since(state, system_now()));
  return table.as_of(time);
}

nlohmann::ordered_json snapshot_json(const read::TableReader& table) {
  const auto* snapshot = table.snapshot();
  return snapshot == nullptr ? nlohmann::ordered_json() : nlohmann::ordered_json(snapshot->snapshot_id);
}

Result<ReadAccess> open_to_read(Session& session, const TableFlags& flags, RunReport& report) {
  return open_to_read(session, flags, report, nullptr);
}

}  // namespace earthcatalog::cli
