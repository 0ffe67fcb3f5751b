#include "earthcatalog/answer/item_fields.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace earthcatalog::answer {
namespace {

using nlohmann::ordered_json;
using Paths = std::vector<std::string>;

constexpr std::string_view kProperties = "properties";
constexpr std::string_view kExtra = "stac_extra", kBox = "geometry_bbox";
constexpr std::array<std::string_view, 10> kMembers = {
    "type", "stac_version", "stac_extensions", "id", "geometry", "bbox", "links", "assets", "collection", kProperties};

std::string_view first_of(std::string_view path) { return path.substr(0, path.find('.')); }
bool is_member(std::string_view name) { return std::ranges::find(kMembers, name) != kMembers.end(); }
bool is_within(std::string_view path, std::string_view outer) {
  return path == outer || (path.starts_with(outer) && path[outer.size()] == '.');
}

std::string path_of_column(std::string_view column) {
  return is_member(column) ? std::string(column) : fmt::format("{}.{}", kProperties, column);
}

// What follows `key` in the paths that go on behind it.
Paths behind(const Paths& paths, const std::string& key) {
  Paths rest;
  for (const auto& path : paths) {
    if (path.size() > key.size() + 1 && is_within(path, key)) rest.push_back(path.substr(key.size() + 1));
  }
  return rest;
}

bool contains(const Paths& paths, const std::string& path) { return std::ranges::find(paths, path) != paths.end(); }

ordered_json included(const ordered_json& object, const Paths& paths) {
  auto kept = ordered_json::object();
  for (const auto& [key, value] : object.items()) {
    if (contains(paths, key)) {
      kept[key] = value;
    } else if (const auto rest = behind(paths, key); !rest.empty() && value.is_object()) {
      if (auto part = included(value, rest); !part.empty()) kept[key] = std::move(part);
    }
  }
  return kept;
}

void exclude(ordered_json& object, const Paths& paths) {
  auto kept = ordered_json::object();
  for (auto& [key, value] : object.items()) {
    if (contains(paths, key)) continue;
    if (const auto rest = behind(paths, key); !rest.empty() && value.is_object()) exclude(value, rest);
    kept[key] = std::move(value);
  }
  object = std::move(kept);
}

}  // namespace

Result<ItemFields> ItemFields::parse(std::string_view text) {
  ItemFields fields;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    auto path = text.substr(begin, end - begin);
    auto& paths = path.starts_with('-') ? fields.exclude_ : fields.include_;
    if (path.starts_with('-') || path.starts_with('+')) path.remove_prefix(1);
    if (path.empty()) {
      return fail(ErrorKind::kInvalidArgument,
                  "`fields`: \"{}\" has an empty name; write names by commas, -name to leave one out", text);
    }
    paths.emplace_back(path);
    if (!is_member(first_of(path))) paths.push_back(fmt::format("{}.{}", kProperties, path));
    begin = end + 1;
  }
  return fields;
}

bool ItemFields::wants(std::string_view column) const {
  const auto path = path_of_column(column);
  const auto touches = [&](const std::string& wanted) { return is_within(path, wanted) || is_within(wanted, path); };
  return (include_.empty() || std::ranges::any_of(include_, touches)) &&
         std::ranges::none_of(exclude_, [&](const std::string& unwanted) { return is_within(path, unwanted); });
}

iceberg::Schema ItemFields::json_columns(const read::TableReader& table) const {
  iceberg::Schema schema;
  for (const auto& column : table.item_schema().columns) {
    const auto* const field = table.schema().find(column.name);
    const bool needed = column.name == kExtra || (!stac::is_row_column(column.name) && wants(column.name));
    if (field != nullptr && needed) schema.fields.push_back(*field);
  }
  return schema;
}

iceberg::Schema ItemFields::columns(const read::TableReader& table) const {
  iceberg::Schema schema;
  for (const auto& column : table.item_schema().columns) {
    const auto* const field = table.schema().find(column.name);
    const bool of_item = column.name == kBox ? wants("geometry") : !stac::is_row_column(column.name);
    if (field == nullptr || !of_item || (column.name != kBox && !wants(column.name))) continue;
    schema.fields.push_back(*field);
  }
  return schema;
}

bool ItemFields::cuts(bool has_extra) const {
  if (include_.empty() && exclude_.empty()) return false;
  const auto is_column = [](const std::string& path) {
    return path != kProperties && path != "type" && (!path.contains('.') || first_of(path) == kProperties);
  };
  return has_extra || !include_.empty() || !std::ranges::all_of(exclude_, is_column);
}

void ItemFields::cut(std::string& json, std::size_t begin) const {
  auto item = ordered_json::parse(json.begin() + static_cast<std::ptrdiff_t>(begin), json.end());
  if (!include_.empty()) item = included(item, include_);
  exclude(item, exclude_);
  json.resize(begin);
  json += item.dump();
}

}  // namespace earthcatalog::answer
