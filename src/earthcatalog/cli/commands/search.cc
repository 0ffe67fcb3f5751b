#include "earthcatalog/search/search.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/query_flags.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/config/nearest.h"

namespace earthcatalog::cli {
namespace {

std::string explanation(const search::Found& found, double seconds) {
  const auto& plan = found.plan;
  const auto all_if_none = [](std::int64_t count) { return count == 0 ? std::string("all") : std::to_string(count); };
  return fmt::format(
      "cells      {}\nyears      {}\nmanifests  {} read, {} ruled out\nfiles      {} in these cells and years, {} "
      "planned, {} read\n"
      "rows       {} planned, {} read\nbytes      {} planned\nitems      {}\nseconds    {:.3f}\n",
      all_if_none(plan.cells), all_if_none(plan.years), plan.manifests_read, plan.manifests_pruned, plan.files_listed,
      found.files_planned, found.files_read, plan.rows, found.rows_read, plan.bytes, found.items, seconds);
}

std::string to_json(const search::Found& found, const search::BoundQuery& query) {
  nlohmann::ordered_json json;
  json["snapshot_id"] = snapshot_json(query.table);
  json["items"] = found.items;
  json["whole"] = found.whole;
  json["cells"] = found.plan.cells;
  json["years"] = found.plan.years;
  json["manifests_read"] = found.plan.manifests_read;
  json["manifests_pruned"] = found.plan.manifests_pruned;
  json["files_listed"] = found.plan.files_listed;
  json["files_planned"] = found.files_planned;
  json["files_read"] = found.files_read;
  json["rows_planned"] = found.plan.rows;
  json["rows_read"] = found.rows_read;
  json["bytes_planned"] = found.plan.bytes;
  return json.dump();
}

class SearchCommand final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("search", "finds items by area, time, id and collection, each once");
    table_.add(*app_);
    snapshot_.add(*app_);
    query_.add(*app_);
    app_->add_option("--max-items", max_items_, "at most so many items")->check(at_least(0));
    app_->add_option("--format", format_, "ndjson: an item a line; geojson: a FeatureCollection; ids: an id a line")
        ->check(CLI::IsMember({"ndjson", "geojson", "ids"}))
        ->capture_default_str();
    app_->add_flag("--count", count_, "print how many items there are, and no item");
    app_->add_flag("--strict", strict_, "refuse a filter with a property that no column holds");
    app_->add_flag("--explain", explain_, "say on stderr what each step kept");
    app_->add_option("--workers", workers_, "threads that read and compute (default: cores)")->check(at_least(1));
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto asked, query_.read());
    EC_ASSIGN_OR_RETURN(const auto access, open_to_read(session(), table_, snapshot_, report_));
    const Stopwatch time;
    EC_ASSIGN_OR_RETURN(const auto query, search::bind(access.table, asked));
    EC_TRY(tell_unknown(query));
    EC_ASSIGN_OR_RETURN(const auto found, print(query));
    report_.record_json(to_json(found, query));
    if (explain_ && asked.filter) print_err("filter     {}\n", cql2::to_json(*asked.filter));
    if (explain_) print_err("{}", explanation(found, time.seconds()));
    return kExitOk;
  }

 private:
  // STAC lets any item have any property: one that no column holds may stand in stac_extra.
  Status tell_unknown(const search::BoundQuery& query) const {
    std::vector<std::string> columns;
    for (const auto& column : query.table.item_schema().columns) columns.push_back(column.name);
    for (const auto& name : query.unknown) {
      const auto text = fmt::format("`filter`: no column holds {}{}", name, config::did_you_mean(name, columns));
      if (strict_) return std::unexpected(Error{.kind = ErrorKind::kNotFound, .message = text});
      session().note(text + "; only items that have it in stac_extra are found by it");
    }
    return {};
  }

  Result<search::Found> print(const search::BoundQuery& query) const {
    const bool geojson = format_ == "geojson" && !count_;
    bool first = true;
    if (geojson) session().write(R"({"type":"FeatureCollection","features":[)");
    EC_ASSIGN_OR_RETURN(auto found, search::find(query, options(), [&](std::string_view answer) {
                          if (count_) return true;
                          if (geojson && !first) session().write(",");
                          first = false;
                          session().write(answer);
                          return session().write(geojson ? "" : "\n");
                        }));
    if (geojson) session().write(fmt::format("],\"numberReturned\":{}}}\n", found.items));
    if (count_) session().write(fmt::format("{}\n", found.items));
    return found;
  }

  search::FindOptions options() const {
    const auto answer = count_             ? search::Answer::kNothing
                        : format_ == "ids" ? search::Answer::kId
                                           : search::Answer::kItem;
    return {.answer = answer, .max_items = max_items_, .workers = worker_count(workers_)};
  }

  TableFlags table_;
  SnapshotFlags snapshot_;
  QueryFlags query_;
  std::optional<std::int64_t> max_items_;
  std::optional<int> workers_;
  std::string format_ = "ndjson";
  bool count_ = false, explain_ = false, strict_ = false;
};

}  // namespace

std::unique_ptr<Command> make_search() { return std::make_unique<SearchCommand>(); }

}  // namespace earthcatalog::cli
