#include "earthcatalog/inventory/formats/columns.h"

#include <algorithm>
#include <optional>

namespace earthcatalog::inventory {
namespace {

struct Name {
  std::string_view text;
  ColumnRole role;
  bool alias;  // yields to the other name of the same role
};
constexpr Name kNames[] = {
    {"bucket", ColumnRole::kBucket, false},
    {"key", ColumnRole::kKey, false},
    {"size", ColumnRole::kSize, false},
    {"lastmodifieddate", ColumnRole::kLastModified, false},
    {"lastmodified", ColumnRole::kLastModified, true},
    {"etag", ColumnRole::kEtag, false},
    {"islatest", ColumnRole::kIsLatest, false},
    {"isdeletemarker", ColumnRole::kIsDeleteMarker, false},
};
// Names that other tools give the columns we need: enough to know a header when we see one.
constexpr std::string_view kForeignNames[] = {"bucketname", "objectkey", "object", "path", "name",
                                              "filename",   "file",      "uri",    "url",  "versionid"};

std::string normalize(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '_' || c == ' ' || c == '\t') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

const Name* find_name(std::string_view normalized) {
  const auto* found = std::ranges::find(kNames, normalized, &Name::text);
  return found == std::end(kNames) ? nullptr : found;
}

}  // namespace

Result<ColumnMap> map_columns(std::span<const std::string_view> names) {
  ColumnMap map;
  ColumnMap aliases;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Name* name = find_name(normalize(names[i]));
    if (name == nullptr) continue;
    int& index = (name->alias ? aliases : map)[name->role];
    if (index >= 0) {
      return fail(ErrorKind::kInvalidData, "columns {} and {} are both named '{}'", index + 1, i + 1, names[i]);
    }
    index = static_cast<int>(i);
  }
  for (std::size_t role = 0; role < kColumnRoles; ++role) {
    if (map.index[role] < 0) map.index[role] = aliases.index[role];
  }
  return map;
}

ColumnMap default_columns() {
  ColumnMap map;
  map[ColumnRole::kBucket] = 0;
  map[ColumnRole::kKey] = 1;
  map[ColumnRole::kSize] = 2;
  map[ColumnRole::kLastModified] = 3;
  return map;
}

bool looks_like_header(std::span<const std::string_view> fields) {
  bool known = false;
  for (const auto field : fields) {
    if (field.empty()) return false;
    for (const char c : field) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && c != '_' && c != ' ') return false;
    }
    const std::string name = normalize(field);
    known = known || find_name(name) != nullptr || std::ranges::find(kForeignNames, name) != std::end(kForeignNames);
  }
  return known;
}

}  // namespace earthcatalog::inventory
