#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/answer/aggregates.h"
#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/answer_flags.h"
#include "earthcatalog/cli/options/query_flags.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/cli/options/settings.h"

namespace earthcatalog::cli {
namespace {

constexpr std::string_view kCollection = "{collection}";
constexpr std::string_view kNoCollection = "__none__";

// A part of a path: a slash in an id makes no folder.
std::string file_part(std::string_view collection) {
  if (collection.empty()) return std::string(kNoCollection);
  std::string part;
  for (const char c : collection) part += c == '/' ? std::string("%2F") : std::string(1, c);
  return part;
}

class Export final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ =
        app.add_subcommand("export", "writes the items of a table, or of a search, as one file, or one a collection");
    as_path(app_->add_option("OUT", out_, "path or URI; {collection} in it makes a file for each collection"))
        ->required();
    table_.add(*app_);
    snapshot_.add(*app_);
    query_.add(*app_);
    app_->add_option("--format", format_, "how items are written")
        ->check(CLI::IsMember({"stac-geoparquet", "geoparquet", "ndjson", "geojson", "csv"}))
        ->capture_default_str();
    app_->add_option("--fields", fields_, "parts of an item by commas, -name to leave one out");
    app_->add_option("--sortby", sortby_, "the order: names of columns by commas, -name descends");
    app_->add_option("--workers", workers_, "threads that read and compute (default: cores)")->check(at_least(1));
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto asked, query_.read());
    AnswerPlace place{.format = *answer::parse_format(format_), .out = out_};
    if (!fields_.empty()) {
      EC_ASSIGN_OR_RETURN(place.options.fields, answer::ItemFields::parse(fields_));
    }
    search::FindOptions options{.workers = worker_count(workers_)};
    if (!sortby_.empty()) {
      EC_ASSIGN_OR_RETURN(options.order, search::parse_order(sortby_));
    }
    EC_ASSIGN_OR_RETURN(const auto access, open_to_read(session(), table_, snapshot_, report_));
    EC_ASSIGN_OR_RETURN(const auto query, search::bind(access.table, asked));
    EC_TRY(tell_unknown(session(), query, false));
    if (!out_.contains(kCollection)) {
      EC_TRY(write_answer(session(), *access.stores, query, options, place, none_next));
      return kExitOk;
    }
    EC_ASSIGN_OR_RETURN(const auto collections, collections_of(query, options));
    for (const auto& collection : collections) {
      auto part = asked;
      part.collections = {collection};
      place.out = out_;
      place.out.replace(place.out.find(kCollection), kCollection.size(), file_part(collection));
      EC_ASSIGN_OR_RETURN(const auto its_query, search::bind(access.table, std::move(part)));
      EC_TRY(write_answer(session(), *access.stores, its_query, options, place, none_next));
    }
    return kExitOk;
  }

 private:
  static std::optional<std::string> none_next(const search::Found&) { return std::nullopt; }

  // The ids, the empty one for items without a collection.
  static Result<std::vector<std::string>> collections_of(const search::BoundQuery& query,
                                                         const search::FindOptions& options) {
    EC_ASSIGN_OR_RETURN(const auto counts, answer::Aggregates::make(query.table, {"collection_frequency"}));
    EC_TRY(search::find(query, {.workers = options.workers}, *counts));
    std::vector<std::string> names;
    for (const auto& [json, items] : counts->counts(0)) {
      const auto name = nlohmann::json::parse(json);
      names.push_back(name.is_string() ? name.get<std::string>() : std::string());
    }
    if (names.empty()) return fail(ErrorKind::kNotFound, "no item meets the search: there is no collection to write");
    return names;
  }

  TableFlags table_;
  SnapshotFlags snapshot_;
  QueryFlags query_;
  std::string out_, format_ = "stac-geoparquet", fields_, sortby_;
  std::optional<int> workers_;
};

}  // namespace

std::unique_ptr<Command> make_export() { return std::make_unique<Export>(); }

}  // namespace earthcatalog::cli
