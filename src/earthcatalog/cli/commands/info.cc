#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/table_options.h"
#include "earthcatalog/geoparquet/position_deletes.h"

namespace earthcatalog::cli {
namespace {

struct Sums {
  std::int64_t files = 0, rows = 0, bytes = 0;
  std::map<std::string, std::int64_t> rows_by_cell, rows_by_year;
};

Result<Sums> sum_files(const iceberg::Table& table) {
  Sums sums;
  iceberg::ListFilesOptions options;
  options.statistics = false;
  EC_TRY(table.list_files(options, [&](iceberg::DataFile&& file) -> Status {
    EC_ASSIGN_OR_RETURN(const auto deleted, geoparquet::deleted_rows(table.stores(), file));
    const std::int64_t rows = file.record_count - std::ssize(deleted);
    ++sums.files;
    sums.rows += rows;
    sums.bytes += file.file_size_in_bytes;
    sums.rows_by_cell[file.partition.cell.value_or("null")] += rows;
    const auto year = file.partition.year_since_1970;
    sums.rows_by_year[year ? std::to_string(*year + 1970) : "unknown"] += rows;
    return {};
  }));
  return sums;
}

// Nothing when the object index does not describe the table of now: another writer came since, or no run of ours yet.
Result<std::optional<std::int64_t>> count_items(const catalog::Catalog& catalog) {
  const auto* snapshot = catalog.table().current_snapshot();
  if (snapshot == nullptr) return 0;
  if (catalog.index().manifest().snapshot_id != snapshot->snapshot_id) return std::nullopt;
  return catalog.index().count_items();
}

using Top = std::vector<std::pair<std::string, std::int64_t>>;

Top largest(const std::map<std::string, std::int64_t>& counts, std::size_t most) {
  Top top(counts.begin(), counts.end());
  std::ranges::stable_sort(top, std::ranges::greater{}, &std::pair<std::string, std::int64_t>::second);
  if (top.size() > most) top.resize(most);
  return top;
}

nlohmann::ordered_json grid_json(const grid::GridSpec& grid) {
  nlohmann::ordered_json json;
  json["type"] = grid.type;
  if (grid.type == "h3") {
    json["resolution"] = grid.resolution;
  } else {
    json["boundaries_path"] = grid.boundaries_path;
    json["id_field"] = grid.id_field;
  }
  return json;
}

nlohmann::ordered_json counts_json(const Top& top) {
  auto json = nlohmann::ordered_json::object();
  for (const auto& [name, rows] : top) json[name] = rows;
  return json;
}

class Info final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("info", "table, grid, schema, snapshots, files, rows, items, largest cells and years");
    table_.add(*app_);
    app_->add_option("--top", top_, "how many cells and years are listed")->capture_default_str();
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(table_));
    EC_TRY(report_.begin(access));
    storage::Stores stores(access.storage);
    EC_ASSIGN_OR_RETURN(const auto catalog, catalog::Catalog::open(stores, catalog_at(access)));
    EC_ASSIGN_OR_RETURN(const auto json, describe(*catalog));
    report_.record_json(json.dump());
    if (!report_.json()) print_text(json);
    return kExitOk;
  }

 private:
  Result<nlohmann::ordered_json> describe(const catalog::Catalog& catalog) const {
    const auto& table = catalog.table();
    EC_ASSIGN_OR_RETURN(const auto sums, sum_files(table));
    EC_ASSIGN_OR_RETURN(const auto items, count_items(catalog));
    nlohmann::ordered_json json;
    json["table"] = table.identifier().name_space + "." + table.identifier().name;
    json["catalog"] = catalog.uri();
    json["warehouse"] = catalog.warehouse();
    json["metadata"] = table.metadata_location();
    json["grid"] = grid_json(catalog.grid());
    json["schema"] = catalog.item_schema()->kind == stac::SchemaKind::kItslive ? "itslive" : "auto";
    json["columns"] = table.schema().fields.size();
    json["snapshots"] = table.metadata().snapshots.size();
    const auto* snapshot = table.current_snapshot();
    json["snapshot_id"] =
        snapshot != nullptr ? nlohmann::ordered_json(snapshot->snapshot_id) : nlohmann::ordered_json();
    json["files"] = sums.files;
    json["bytes"] = sums.bytes;
    json["rows"] = sums.rows;
    json["items"] = items ? nlohmann::ordered_json(*items) : nlohmann::ordered_json();
    json["cells"] = sums.rows_by_cell.size();
    json["years"] = sums.rows_by_year.size() - sums.rows_by_year.count("unknown");
    json["top_cells"] = counts_json(largest(sums.rows_by_cell, top_));
    json["top_years"] = counts_json(largest(sums.rows_by_year, top_));
    return json;
  }

  static std::string text_of(const std::string& name, const nlohmann::ordered_json& value) {
    if (value.is_null()) return "unknown";
    if (value.is_string()) return value.get<std::string>();
    if (name == "grid") return grid_text(value);
    if (name == "bytes") return fmt::format("{}   {:.1f} MB", value.dump(), value.get<double>() / 1e6);
    return value.dump();
  }

  static std::string grid_text(const nlohmann::ordered_json& grid) {
    std::string text;
    for (const auto& [name, value] : grid.items()) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name,
                          value.is_string() ? value.get<std::string>() : value.dump());
    }
    return text;
  }

  static void print_text(const nlohmann::ordered_json& json) {
    for (const auto& [name, value] : json.items()) {
      if (name.starts_with("top_")) {
        print_out("{} by rows\n", name == "top_cells" ? "largest cells" : "largest years");
        for (const auto& [key, rows] : value.items()) {
          print_out("  {:<18}{:>14} rows\n", key, rows.get<std::int64_t>());
        }
      } else {
        print_out("{:<12}{}\n", name, text_of(name, value));
      }
    }
  }

  TableFlags table_;
  std::size_t top_ = 5;
};

}  // namespace

std::unique_ptr<Command> make_info() { return std::make_unique<Info>(); }

}  // namespace earthcatalog::cli
