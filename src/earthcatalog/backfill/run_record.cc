#include "earthcatalog/backfill/run_record.h"

namespace earthcatalog::backfill {

inventory::InventoryOptions RunSettings::inventory_options() const {
  inventory::InventoryOptions options{.suffix = suffix, .since = since, .limit = limit, .source_root = source_root};
  if (key_encoding == "raw") options.key_encoding = inventory::KeyEncoding::kRaw;
  if (key_encoding == "url") options.key_encoding = inventory::KeyEncoding::kUrl;
  return options;
}

grid::GridSpec RunSettings::grid() const {
  return {.type = grid_type,
          .resolution = resolution,
          .boundaries_path = boundaries_path,
          .id_field = id_field,
          .python = python};
}

void RunSettings::set_grid(const grid::GridSpec& grid) {
  grid_type = grid.type;
  resolution = grid.resolution;
  boundaries_path = grid.boundaries_path;
  id_field = grid.id_field;
  python = grid.python;
}

Status check_same(const RunSettings& before, const RunSettings& now) {
  // Compared as JSON, so that a setting that is added later is compared too.
  const nlohmann::json a = before, b = now;
  for (const auto& [name, value] : a.items()) {
    if (name == "since") continue;  // since_text is what the user said
    if (name == "limit" && before.limit && (!now.limit || *now.limit >= *before.limit)) continue;
    if (b[name] == value) continue;
    return fail(ErrorKind::kInvalidArgument,
                "the staging prefix belongs to a backfill with {} = {}, and now it is {}; use the same {}, another "
                "`staging`, or `restart` to begin anew",
                name, value.dump(), b[name].dump(), name);
  }
  return {};
}

}  // namespace earthcatalog::backfill
