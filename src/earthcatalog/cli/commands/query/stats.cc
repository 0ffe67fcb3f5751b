#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/answer/aggregates.h"
#include "earthcatalog/answer/globe.h"
#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/partition_flags.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/output/report_file.h"
#include "earthcatalog/read/table_summary.h"
#include "earthcatalog/search/search.h"

namespace earthcatalog::cli {
namespace {

using nlohmann::ordered_json;
using Partitions = std::vector<read::PartitionSummary>;
/// A value, and how many rows or items have it.
using Bars = std::vector<std::pair<std::string, std::int64_t>>;

struct Totals {
  std::int64_t rows = 0, files = 0, bytes = 0;
};

Totals total_of(const Partitions& partitions) {
  Totals totals;
  for (const auto& one : partitions) totals.rows += one.rows, totals.files += one.files, totals.bytes += one.bytes;
  return totals;
}

template <class Name>
Bars rows_by(const Partitions& partitions, Name name) {
  std::map<std::string, std::int64_t> rows;
  for (const auto& one : partitions) rows[name(one)] += one.rows;
  return {rows.begin(), rows.end()};
}

std::string year_of(const read::PartitionSummary& one) { return one.year ? std::to_string(*one.year) : "unknown"; }
std::string cell_of(const read::PartitionSummary& one) { return one.cell.value_or("null"); }

std::string histogram(std::string_view title, Bars bars) {
  constexpr std::size_t kMostBars = 50, kWidth = 40;
  constexpr std::string_view kBlock = "\u2588", kThin = "\u258f";
  const auto all = bars.size();
  if (all > kMostBars) {
    std::ranges::stable_sort(bars, std::greater(), &Bars::value_type::second);
    bars.resize(kMostBars);
  }
  std::size_t width = title.size();
  std::int64_t most = 1;
  for (const auto& [name, count] : bars) width = std::max(width, name.size()), most = std::max(most, count);
  auto text =
      fmt::format("\n{:<{}}  {:>12}\n", title.substr(0, title.find(' ')), width, title.substr(title.find(' ') + 1));
  for (const auto& [name, count] : bars) {
    text += fmt::format("{:<{}}  {:>12}  ", name, width, count);
    const auto blocks = kWidth * static_cast<std::size_t>(count) / static_cast<std::size_t>(most);
    if (blocks == 0 && count > 0) text += kThin;
    for (std::size_t i = 0; i < blocks; ++i) text += kBlock;
    text += '\n';
  }
  if (all > bars.size()) text += fmt::format("and {} with less\n", all - bars.size());
  return text;
}

class Stats final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("stats", "rows, items, files and bytes of a table, by year, cell or property");
    table_.add(*app_);
    snapshot_.add(*app_);
    partitions_.add(*app_);
    app_->add_option("--by", by_, "rows by year or cell, or items by the values of a property, as platform; by commas")
        ->delimiter(',');
    as_path(app_->add_option("--map", map_, "an SVG file of the globe with the density of the cells"));
    app_->add_option("--workers", workers_, "threads that read and compute (default: cores)")->check(at_least(1));
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto filter, partitions_.filter());
    EC_ASSIGN_OR_RETURN(const auto access, open_to_read(session(), table_, snapshot_, report_));
    EC_ASSIGN_OR_RETURN(const auto partitions, read::summarize_partitions(access.table, filter));
    EC_ASSIGN_OR_RETURN(const auto items, read::count_items(access.table));
    EC_ASSIGN_OR_RETURN(const auto properties, count_properties(access.table));
    if (!map_.empty()) EC_TRY(draw(*access.stores, partitions));
    report_.record_json(to_json(access.table, partitions, items, properties).dump());
    if (!report_.json()) RunReport::print_text(to_text(partitions, items, properties));
    return kExitOk;
  }

 private:
  using Properties = std::vector<std::pair<std::string, Bars>>;

  // Items by the values of each property that is asked for; those of the whole snapshot.
  Result<Properties> count_properties(const read::TableReader& table) const {
    Properties properties;
    std::vector<std::string> names;
    for (const auto& name : by_) {
      if (name != "year" && name != "cell") names.push_back(name);
    }
    if (names.empty()) return properties;
    if (!partitions_.cells.empty() || !partitions_.years.empty()) {
      return fail(ErrorKind::kInvalidArgument,
                  "--by {} counts items, which lie in many cells: leave --cell and --year out, or take search "
                  "--aggregate",
                  names.front());
    }
    std::vector<std::string> frequencies;
    for (const auto& name : names) frequencies.push_back(name + "_frequency");
    EC_ASSIGN_OR_RETURN(const auto query, search::bind(table, {}));
    EC_ASSIGN_OR_RETURN(const auto counts, annotate(answer::Aggregates::make(table, frequencies), "`by`"));
    EC_TRY(search::find(query, {.workers = worker_count(workers_)}, *counts));
    for (std::size_t i = 0; i < names.size(); ++i) {
      Bars bars;
      for (const auto& [json, count] : counts->counts(i)) {
        const auto value = ordered_json::parse(json);
        bars.emplace_back(value.is_string() ? value.get<std::string>() : json, count);
      }
      properties.emplace_back(names[i], std::move(bars));
    }
    return properties;
  }

  Status draw(storage::Stores& stores, const Partitions& partitions) const {
    auto cells = rows_by(partitions, cell_of);
    std::erase_if(cells, [](const auto& cell) { return cell.first == grid::kNoCellName || cell.first == "null"; });
    EC_ASSIGN_OR_RETURN(const auto svg, answer::globe_svg(cells));
    return annotate(write_report(stores, map_, svg), "`map`");
  }

  static ordered_json to_json(const read::TableReader& table, const Partitions& partitions,
                              const std::optional<std::int64_t>& items, const Properties& properties) {
    auto list = ordered_json::array();
    for (const auto& partition : partitions) {
      list.push_back({{"grid_partition", partition.cell ? ordered_json(*partition.cell) : ordered_json()},
                      {"year", partition.year ? ordered_json(*partition.year) : ordered_json()},
                      {"row_count", partition.rows},
                      {"file_count", partition.files},
                      {"total_bytes", partition.bytes}});
    }
    const auto totals = total_of(partitions);
    ordered_json json{{"snapshot_id", snapshot_json(table)},
                      {"items", items ? ordered_json(*items) : ordered_json()},
                      {"rows", totals.rows},
                      {"files", totals.files},
                      {"bytes", totals.bytes},
                      {"partitions", std::move(list)}};
    for (const auto& [name, bars] : properties) {
      for (const auto& [value, count] : bars) json["items_by"][name][value] = count;
    }
    return json;
  }

  std::string to_text(const Partitions& partitions, const std::optional<std::int64_t>& items,
                      const Properties& properties) const {
    const auto totals = total_of(partitions);
    const auto cells = rows_by(partitions, cell_of), years = rows_by(partitions, year_of);
    auto text = fmt::format("items  {}\nrows   {}\nfiles  {}\nbytes  {}\ncells  {}\nyears  {}\n",
                            items ? std::to_string(*items) : "unknown", totals.rows, totals.files, totals.bytes,
                            cells.size(), years.size());
    const auto has = [&](const char* name) { return std::ranges::find(by_, name) != by_.end(); };
    if (by_.empty() || has("year")) text += histogram("year rows", years);
    if (has("cell")) text += histogram("cell rows", cells);
    for (const auto& [name, bars] : properties) text += histogram(name + " items", bars);
    return text;
  }

  TableFlags table_;
  SnapshotFlags snapshot_;
  PartitionFlags partitions_;
  std::vector<std::string> by_;
  std::string map_;
  std::optional<int> workers_;
};

}  // namespace

std::unique_ptr<Command> make_stats() { return std::make_unique<Stats>(); }

}  // namespace earthcatalog::cli
