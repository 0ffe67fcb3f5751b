#include "earthcatalog/search/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/answer/aggregates.h"
#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/answer_flags.h"
#include "earthcatalog/cli/options/query_flags.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/read/table_summary.h"
#include "earthcatalog/search/order/token.h"

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

std::string to_json(const search::Found& found, const search::BoundQuery& query,
                    const std::optional<std::string>& next) {
  nlohmann::ordered_json json;
  json["snapshot_id"] = snapshot_json(query.table);
  json["items"] = found.items;
  json["whole"] = found.whole;
  json["next"] = next ? nlohmann::ordered_json(*next) : nlohmann::ordered_json();
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
    app_->add_option("--sortby", sortby_, "the order: names of columns by commas, -name descends: -datetime,id");
    app_->add_option("--limit", limit_, "at most so many items, and a token that goes on behind them")
        ->check(at_least(1));
    app_->add_option("--token", token_, "the token that the page before ended with");
    app_->add_option("--max-items", max_items_, "at most so many items, and no token")->check(at_least(0));
    answer_.add(*app_);
    app_->add_flag("--count", count_, "print how many items there are, and no item");
    app_->add_flag("--strict", strict_, "refuse a filter with a property that no column holds");
    app_->add_option("--distinct", distinct_, "print the values of this property and how many items have each");
    app_->add_option("--aggregate", aggregate_,
                     "print counts: total_count, datetime_frequency:year, collection_frequency, cells:RES, by commas")
        ->delimiter(',');
    app_->add_flag("--explain", explain_, "say on stderr what each step kept");
    app_->add_option("--workers", workers_, "threads that read and compute (default: cores)")->check(at_least(1));
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto asked, query_.read());
    EC_ASSIGN_OR_RETURN(place_, answer_.read(session(), count_));
    EC_ASSIGN_OR_RETURN(auto options, find_options());
    EC_TRY(check_counts(options));
    std::optional<search::Token> token;
    if (!token_.empty()) {
      EC_ASSIGN_OR_RETURN(token, search::Token::parse(token_));
    }
    EC_ASSIGN_OR_RETURN(const auto access, open(token));
    const Stopwatch time;
    EC_ASSIGN_OR_RETURN(const auto query, search::bind(access.table, asked));
    EC_TRY(tell_unknown(session(), query, strict_));
    if (token) {
      EC_ASSIGN_OR_RETURN(options.after, token->position_in(query, options.order));
    }
    const bool counts = !aggregate_.empty() || !distinct_.empty();
    EC_ASSIGN_OR_RETURN(const auto found,
                        counts ? print_counts(query, options) : print(*access.stores, query, options));
    const auto next = next_of(found, query, options);
    report_.record_json(to_json(found, query, next));
    tell_of_more(found, next);
    if (explain_ && asked.filter) print_err("filter     {}\n", cql2::to_json(*asked.filter));
    if (explain_) print_err("{}", explanation(found, time.seconds()));
    return kExitOk;
  }

 private:
  void tell_of_more(const search::Found& found, const std::optional<std::string>& next) {
    if (session().wants_report(false)) return;
    flush_output();
    if (next) print_err("{} items; the next page: --token {}\n", found.items, *next);
    if (answer_.is_default(place_) && found.items > 0) {
      print_err("--format ndjson prints items whole, --limit N more of them, --count their number\n");
    }
  }

  Result<search::FindOptions> find_options() {
    constexpr std::int64_t kScreen = 20;
    if (answer_.is_default(place_) && !limit_ && !max_items_) limit_ = kScreen;
    search::FindOptions options;
    if (!sortby_.empty()) {
      EC_ASSIGN_OR_RETURN(options.order, search::parse_order(sortby_));
    }
    options.max_items = max_items_;
    if (limit_) options.max_items = std::min(*limit_, max_items_.value_or(*limit_));
    options.workers = worker_count(workers_);
    return options;
  }

  // The snapshot that the token goes on in, or else the one that is asked for.
  Result<ReadAccess> open(const std::optional<search::Token>& token) {
    EC_ASSIGN_OR_RETURN(auto access, open_to_read(session(), table_, snapshot_, report_));
    if (!token || snapshot_.snapshot_id || !snapshot_.as_of.empty()) return access;
    EC_TRY(token->check_table(access.table));
    EC_ASSIGN_OR_RETURN(access.table, annotate(access.table.at_snapshot(token->snapshot_id()), "`token`"));
    return access;
  }

  // Nothing where the answer ended, or was to end.
  std::optional<std::string> next_of(const search::Found& found, const search::BoundQuery& query,
                                     const search::FindOptions& options) const {
    const bool page_is_full = limit_ && found.items == *limit_;
    if (found.whole || !page_is_full || max_items_ == limit_) return std::nullopt;
    return search::make_token(query, options.order, found.last);
  }

  Result<search::Found> print(storage::Stores& stores, const search::BoundQuery& query,
                              const search::FindOptions& options) {
    return write_answer(session(), stores, query, options, place_,
                        [&](const search::Found& found) { return next_of(found, query, options); });
  }

  Status check_counts(const search::FindOptions& options) const {
    if (aggregate_.empty() && distinct_.empty()) return {};
    if (!aggregate_.empty() && !distinct_.empty()) {
      return fail(ErrorKind::kInvalidArgument, "--aggregate and --distinct print different things: give one");
    }
    if (options.max_items || count_ || !token_.empty()) {
      return fail(ErrorKind::kInvalidArgument,
                  "--aggregate and --distinct count all items: leave --limit, --max-items, --token and --count out");
    }
    return {};
  }

  Result<search::Found> print_counts(const search::BoundQuery& query, const search::FindOptions& options) {
    const auto names = distinct_.empty() ? aggregate_ : std::vector{distinct_ + "_frequency"};
    EC_ASSIGN_OR_RETURN(const auto counts, answer::Aggregates::make(query.table, names));
    if (counts->only_total() && query.query.is_open()) {
      EC_ASSIGN_OR_RETURN(const auto items, read::count_items(query.table));
      if (items) {
        counts->add_total(*items);
        session().write(counts->to_json("manifests") + "\n");
        return search::Found{.items = *items};
      }
    }
    EC_ASSIGN_OR_RETURN(auto found, search::find(query, {.workers = options.workers}, *counts));
    if (distinct_.empty()) {
      session().write(counts->to_json() + "\n");
      return found;
    }
    for (const auto& [value, items] : counts->counts(0)) {
      session().write(fmt::format("{{\"value\":{},\"items\":{}}}\n", value, items));
    }
    return found;
  }

  TableFlags table_;
  SnapshotFlags snapshot_;
  QueryFlags query_;
  AnswerFlags answer_;
  AnswerPlace place_;
  std::string sortby_, token_, distinct_;
  std::vector<std::string> aggregate_;
  std::optional<std::int64_t> limit_, max_items_;
  std::optional<int> workers_;
  bool count_ = false, explain_ = false, strict_ = false;
};

}  // namespace

std::unique_ptr<Command> make_search() { return std::make_unique<SearchCommand>(); }

}  // namespace earthcatalog::cli
