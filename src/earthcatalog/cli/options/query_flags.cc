#include "earthcatalog/cli/options/query_flags.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string_view>

#include "earthcatalog/config/nearest.h"
#include "earthcatalog/cql2/predicate.h"
#include "earthcatalog/grid/geometry_text.h"

namespace earthcatalog::cli {
namespace {

Result<std::vector<double>> parse_numbers(std::string_view text) {
  std::vector<double> numbers;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    auto part = text.substr(begin, end - begin);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (part.starts_with('+')) part.remove_prefix(1);
    double value = 0;
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != part.data() + part.size() || !std::isfinite(value)) {
      return fail(ErrorKind::kInvalidArgument, "`bbox`: \"{}\" is no number; write west,south,east,north in degrees",
                  part);
    }
    numbers.push_back(value);
    begin = end + 1;
  }
  return numbers;
}

Result<std::string> area_text(const std::string& flag) {
  if (!flag.starts_with('@')) return flag;
  std::ifstream file(flag.substr(1), std::ios::binary);
  if (!file) return fail(ErrorKind::kNotFound, "`intersects`: there is no file {}", flag.substr(1));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

void QueryFlags::add(CLI::App& app) {
  app.add_option("--bbox", bbox_, "west,south,east,north in degrees; west > east goes over the antimeridian");
  app.add_option("--intersects", intersects_, "an area: GeoJSON, WKT, or @FILE with one of them");
  app.add_option("--datetime", datetime_,
                 "2020, 2020-03, 2020-03-01, an instant, or two of these as A/B; .. leaves an end open");
  app.add_option("--time-field", time_field_,
                 "datetime: the interval counts where it is null; interval: the interval counts where there is one")
      ->check(CLI::IsMember({"datetime", "interval"}))
      ->capture_default_str();
  app.add_option("--filter", filter_, "a CQL2 expression, as \"eo:cloud_cover < 10 AND platform = 'landsat-8'\"");
  app.add_option("--filter-lang", filter_lang_,
                 "of the filter: text or json (default: json when it begins with a brace)")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--ids", ids_, "items with these ids, by commas")->delimiter(',');
  app.add_option("--collections", collections_, "items of these collections, by commas")->delimiter(',');
}

Result<search::Query> QueryFlags::read() const {
  search::Query query;
  if (!bbox_.empty() && !intersects_.empty()) {
    return fail(ErrorKind::kInvalidArgument, "`bbox` and `intersects` exclude each other");
  }
  if (!bbox_.empty()) {
    EC_ASSIGN_OR_RETURN(const auto numbers, parse_numbers(bbox_));
    EC_ASSIGN_OR_RETURN(query.area, grid::wkb_of_bbox(numbers));
  }
  if (!intersects_.empty()) {
    EC_ASSIGN_OR_RETURN(const auto text, area_text(intersects_));
    EC_ASSIGN_OR_RETURN(query.area, annotate(grid::wkb_of_text(text), "`intersects`"));
  }
  if (query.area) EC_TRY(search::Area::make(*query.area));
  if (!datetime_.empty()) {
    EC_ASSIGN_OR_RETURN(query.time, search::parse_time_span(datetime_));
  }
  if (!filter_.empty()) {
    const bool json = filter_lang_.empty() ? filter_.starts_with('{') : filter_lang_ == "json";
    EC_ASSIGN_OR_RETURN(query.filter, json ? cql2::parse_json(filter_) : cql2::parse_text(filter_));
    EC_TRY(cql2::check(*query.filter));
  }
  if (time_field_ == "interval") query.time_field = search::TimeField::kInterval;
  query.ids.insert(ids_.begin(), ids_.end());
  query.collections.insert(collections_.begin(), collections_.end());
  return query;
}

// STAC lets any item have any property: one that no column holds may stand in stac_extra.
Status tell_unknown(Session& session, const search::BoundQuery& query, bool strict) {
  std::vector<std::string> columns;
  for (const auto& column : query.table.item_schema().columns) columns.push_back(column.name);
  for (const auto& name : query.unknown) {
    const auto text = fmt::format("`filter`: no column holds {}{}", name, config::did_you_mean(name, columns));
    if (strict) return std::unexpected(Error{.kind = ErrorKind::kNotFound, .message = text});
    session.note(text + "; only items that have it in stac_extra are found by it");
  }
  return {};
}

}  // namespace earthcatalog::cli
