#include "earthcatalog/inventory/manifest/dated_folders.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "earthcatalog/inventory/manifest/data_files.h"
#include "earthcatalog/inventory/manifest/manifest.h"
#include "earthcatalog/inventory/manifest/md5.h"

namespace earthcatalog::inventory {
namespace {

using storage::Location;

// Objects in dated folders without any manifest among them: those are folders of something else.
constexpr int kMostOthers = 1'000;

// "2026-01-31T01-00Z".
bool is_date(std::string_view name) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd-ddZ";
  if (name.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool digit = name[i] >= '0' && name[i] <= '9';
    if (kForm[i] == 'd' ? !digit : name[i] != kForm[i]) return false;
  }
  return true;
}

using Manifests = std::map<std::string, std::string, std::greater<>>;  // date -> key, the newest first

// Dates come before all other names there, so that neither data files nor the items of a plain folder are listed.
Result<Manifests> list_manifests(const Location& folder) {
  Manifests manifests;
  const std::string prefix = folder.key + "/";
  int others = 0;
  bool ended = false;
  const auto status = folder.store->list(prefix, [&](const storage::ObjectInfo& info) -> Status {
    const auto name = std::string_view(info.key).substr(prefix.size());
    const auto date = name.substr(0, name.find('/'));
    if (name.empty() || name.starts_with('.')) return {};  // the mark of an empty folder, what a desktop leaves
    if (is_date(date) && name.substr(date.size()) == "/manifest.json") manifests.emplace(date, info.key);
    if (is_date(date) && (!manifests.empty() || ++others < kMostOthers)) return {};
    ended = true;
    return fail(ErrorKind::kCancelled, "no more dates");
  });
  if (!ended) EC_TRY(status);
  return manifests;
}

// kNotFound or kInvalidData say why it is not complete.
Status check_complete(storage::Stores& stores, const Location& manifest_at) {
  const std::string folder = manifest_at.key.substr(0, manifest_at.key.rfind('/') + 1);
  EC_ASSIGN_OR_RETURN(const auto checksum, manifest_at.store->get(folder + "manifest.checksum"));
  if (!checksum) return fail(ErrorKind::kNotFound, "manifest.checksum is not there yet");
  EC_ASSIGN_OR_RETURN(const auto manifest, manifest_at.store->get(manifest_at.key));
  if (!manifest) return fail(ErrorKind::kNotFound, "it does not exist any more");
  Md5 md5;
  md5.update(manifest->bytes);
  if (!checksum->bytes.starts_with(md5.hex())) {
    return fail(ErrorKind::kInvalidData, "its MD5 is not the one in manifest.checksum");
  }
  EC_ASSIGN_OR_RETURN(const auto parsed, parse_manifest(manifest->bytes));
  EC_TRY(locate_files(stores, manifest_at, parsed));
  return {};
}

}  // namespace

Result<std::optional<Location>> find_manifest(storage::Stores& stores, const Location& folder) {
  Location own{folder.store, folder.key.empty() ? "manifest.json" : folder.key + "/manifest.json"};
  EC_ASSIGN_OR_RETURN(const auto present, own.store->head(own.key));
  if (present) return own;
  if (folder.key.empty()) return std::nullopt;
  EC_ASSIGN_OR_RETURN(const auto manifests, list_manifests(folder));
  std::string newest;
  for (const auto& [date, key] : manifests) {
    const Location at{folder.store, key};
    const auto complete = check_complete(stores, at);
    if (complete) return at;
    const auto kind = complete.error().kind;
    if (kind != ErrorKind::kNotFound && kind != ErrorKind::kInvalidData) return std::unexpected(complete.error());
    if (newest.empty()) newest = fmt::format("{}: {}", at.uri(), complete.error().message);
  }
  if (manifests.empty()) return std::nullopt;
  return fail(ErrorKind::kNotFound, "none of the {} inventories in {} is complete; the newest is {}", manifests.size(),
              folder.uri(), newest);
}

}  // namespace earthcatalog::inventory
