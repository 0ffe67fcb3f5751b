#include "earthcatalog/answer/aggregates.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "earthcatalog/config/nearest.h"
#include "earthcatalog/grid/footprint.h"
#include "earthcatalog/grid/planar.h"
#include "earthcatalog/stac/write/column_reader.h"

namespace earthcatalog::answer {
namespace {

using nlohmann::ordered_json;
using Values = Aggregates::Values;

constexpr std::string_view kNothing = "null";
constexpr std::string_view kFrequency = "_frequency";
constexpr std::size_t kMostValues = 1'000'000;

// How much of "2018-07-12T10:03:22.12Z" an interval keeps, and what follows it.
struct Interval {
  std::string_view name;
  std::size_t letters;
  std::string_view rest;
};
constexpr Interval kIntervals[] = {
    {"year", 4, "-01-01T00:00:00Z"}, {"month", 7, "-01T00:00:00Z"}, {"day", 10, "T00:00:00Z"}, {"hour", 13, ":00:00Z"}};

Values values_of(const arrow::RecordBatch& rows, const std::string& column) {
  auto reader = std::make_shared<stac::ColumnReader>(column, rows.GetColumnByName(column));
  return [reader](std::int64_t row) -> Result<std::string> {
    std::string text;
    if (reader->is_null(row)) return std::string(kNothing);
    EC_TRY(reader->append_scalar(row, text));
    return text;
  };
}

Values periods_of(const arrow::RecordBatch& rows, const Interval& interval) {
  return [values = values_of(rows, "datetime"), interval](std::int64_t row) -> Result<std::string> {
    EC_ASSIGN_OR_RETURN(auto text, values(row));
    if (text == kNothing) return text;
    const auto year = text.find('-', 2) - 1;  // letters of it, behind the quote
    return fmt::format("\"{}{}\"", text.substr(1, interval.letters + year - 4), interval.rest);
  };
}

std::string wkb_of_point(double lon, double lat) {
  const std::uint32_t type = 1;
  std::string wkb = "\1";
  wkb.append(reinterpret_cast<const char*>(&type), sizeof type);
  for (const double number : {lon, lat}) wkb.append(reinterpret_cast<const char*>(&number), sizeof number);
  return wkb;
}

// Over the antimeridian a row's box reaches round the globe: the footprint in the plane has the real one.
Result<std::optional<grid::LonLat>> centre_of(std::string_view wkb) {
  grid::Footprint footprint;
  EC_TRY(grid::read_wkb(wkb, footprint));
  if (footprint.parts.empty()) return std::nullopt;
  auto box = grid::draw_in_plane(footprint, footprint.parts.front()).box;
  for (const auto& part : footprint.parts) {
    const auto next = grid::draw_in_plane(footprint, part).box;
    // Parts left and right of the antimeridian are neighbours.
    const double turn = next.xmin - box.xmin > 180 ? -360 : box.xmin - next.xmin > 180 ? 360 : 0;
    box.xmin = std::min(box.xmin, next.xmin + turn), box.xmax = std::max(box.xmax, next.xmax + turn);
    box.ymin = std::min(box.ymin, next.ymin), box.ymax = std::max(box.ymax, next.ymax);
  }
  return grid::LonLat{grid::normal_lon((box.xmin + box.xmax) / 2), (box.ymin + box.ymax) / 2};
}

Values cells_of(const arrow::RecordBatch& rows, const std::shared_ptr<const grid::Partitioner>& grid) {
  const auto geometry = std::dynamic_pointer_cast<arrow::BinaryArray>(rows.GetColumnByName("geometry"));
  const std::shared_ptr<grid::Coverer> coverer = grid->make_coverer();
  return [geometry, coverer, grid](std::int64_t row) -> Result<std::string> {
    if (geometry == nullptr || geometry->IsNull(row)) return std::string(kNothing);
    EC_ASSIGN_OR_RETURN(const auto centre, centre_of(geometry->GetView(row)));
    if (!centre) return std::string(kNothing);
    std::vector<grid::Cell> cells;
    EC_TRY(coverer->cover(wkb_of_point(centre->lon, centre->lat), cells));
    return fmt::format("\"{}\"", grid->name(cells.front()));
  };
}

Result<int> resolution_of(std::string_view text) {
  int resolution = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), resolution);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size()) return resolution;
  return fail(ErrorKind::kInvalidArgument, "`aggregate`: cells:{} has no resolution; write cells:0 to cells:15", text);
}

std::string data_type_of(iceberg::TypeId type) {
  using enum iceberg::TypeId;
  switch (type) {
    case kString:
      return "string";
    case kBoolean:
      return "boolean";
    case kInt:
    case kLong:
      return "integer";
    case kFloat:
    case kDouble:
      return "numeric";
    case kTimestampTz:
    case kTimestamp:
    case kDate:
      return "datetime";
    case kBinary:
    case kStruct:
    case kOther:
      break;
  }
  return {};
}

Result<iceberg::NestedField> column_of(const read::TableReader& table, std::string_view name) {
  constexpr std::string_view kProperties = "properties.";
  if (name.starts_with(kProperties)) name.remove_prefix(kProperties.size());
  std::vector<std::string> names;
  for (const auto& column : table.item_schema().columns) {
    const auto* const field = table.schema().find(column.name);
    if (field == nullptr || data_type_of(field->type.id).empty()) continue;
    if (column.name == name) return *field;
    names.push_back(column.name);
  }
  return fail(ErrorKind::kInvalidArgument, "the table has no column {} whose values can be counted{}", name,
              config::did_you_mean(name, names));
}

}  // namespace

Result<std::unique_ptr<Aggregates>> Aggregates::make(const read::TableReader& table,
                                                     const std::vector<std::string>& names) {
  auto made = std::make_unique<Aggregates>();
  const auto need = [&](const iceberg::NestedField& field) {
    if (made->columns_.find(field.name) == nullptr) made->columns_.fields.push_back(field);
  };
  for (const std::string_view name : names) {
    const auto what = name.substr(0, name.find(':'));
    const auto how = what.size() == name.size() ? std::string_view() : name.substr(what.size() + 1);
    if (name == "total_count") {
      made->counters_.push_back({.name = std::string(name), .data_type = "integer"});
    } else if (what == "datetime_frequency") {
      const auto* const interval = std::ranges::find(kIntervals, how.empty() ? "month" : how, &Interval::name);
      if (interval == std::end(kIntervals)) {
        return fail(ErrorKind::kInvalidArgument, "`aggregate`: {} has no interval; write year, month, day or hour",
                    name);
      }
      EC_ASSIGN_OR_RETURN(const auto field, column_of(table, "datetime"));
      need(field);
      made->counters_.push_back(
          {.name = std::string(what),
           .data_type = "datetime",
           .interval = std::string(interval->name),
           .values = [interval](const arrow::RecordBatch& rows) { return periods_of(rows, *interval); }});
    } else if (what == "cells") {
      EC_ASSIGN_OR_RETURN(const int resolution, resolution_of(how));
      EC_ASSIGN_OR_RETURN(const auto grid, grid::make_partitioner(table.stores(), {.resolution = resolution}));
      if (const auto* const field = table.schema().find("geometry")) need(*field);
      made->counters_.push_back({.name = std::string(name),
                                 .data_type = "string",
                                 .values = [grid](const arrow::RecordBatch& rows) { return cells_of(rows, grid); }});
    } else if (name.ends_with(kFrequency)) {
      EC_ASSIGN_OR_RETURN(const auto field,
                          annotate(column_of(table, name.substr(0, name.size() - kFrequency.size())), "`aggregate`"));
      need(field);
      made->counters_.push_back(
          {.name = std::string(name),
           .data_type = data_type_of(field.type.id),
           .values = [column = field.name](const arrow::RecordBatch& rows) { return values_of(rows, column); }});
    } else {
      return fail(ErrorKind::kInvalidArgument,
                  "`aggregate`: there is no {}; there are total_count, datetime_frequency, collection_frequency, the "
                  "same of any column, and cells:RES",
                  name);
    }
  }
  const MutexLock lock(made->mutex_);
  made->counts_.resize(made->counters_.size());
  return made;
}

Result<search::Piece> Aggregates::make(const std::shared_ptr<arrow::RecordBatch>& rows,
                                       std::span<const std::int64_t> found) const {
  for (std::size_t i = 0; i < counters_.size(); ++i) {
    if (!counters_[i].values) continue;
    const auto value = counters_[i].values(*rows);
    Counts counts;
    for (const auto row : found) {
      EC_ASSIGN_OR_RETURN(auto key, value(row));
      ++counts[std::move(key)];
    }
    const MutexLock lock(mutex_);
    for (const auto& [key, count] : counts) counts_[i][key] += count;
    if (counts_[i].size() <= kMostValues) continue;
    return fail(ErrorKind::kUnsupported, "{}: more than {} values; ask for fewer items", counters_[i].name,
                kMostValues);
  }
  return search::Piece();
}

bool Aggregates::only_total() const {
  return std::ranges::none_of(counters_, [](const Counter& counter) { return static_cast<bool>(counter.values); });
}

Result<bool> Aggregates::take(search::Piece&&, std::size_t count) {
  total_ += static_cast<std::int64_t>(count);
  return true;
}

Aggregates::Counts Aggregates::counts(std::size_t index) const {
  const MutexLock lock(mutex_);
  return counts_[index];
}

std::string Aggregates::to_json(std::string_view source) const {
  auto list = ordered_json::array();
  for (std::size_t i = 0; i < counters_.size(); ++i) {
    const auto& counter = counters_[i];
    ordered_json one{{"name", counter.name}, {"data_type", counter.data_type}, {"source", source}};
    if (!counter.values) {
      one["value"] = total_;
      list.push_back(std::move(one));
      continue;
    }
    if (!counter.interval.empty()) one["interval"] = counter.interval;
    auto counts = this->counts(i);
    one["overflow"] = counts[std::string(kNothing)];
    counts.erase(std::string(kNothing));
    auto buckets = ordered_json::array();
    for (const auto& [key, count] : counts) {
      buckets.push_back({{"key", ordered_json::parse(key)}, {"data_type", counter.data_type}, {"frequency", count}});
    }
    std::stable_sort(buckets.begin(), buckets.end(),
                     [](const ordered_json& a, const ordered_json& b) { return a["key"] < b["key"]; });
    one["buckets"] = std::move(buckets);
    list.push_back(std::move(one));
  }
  return ordered_json{
      {"type", "AggregationCollection"}, {"aggregations", std::move(list)}, {"links", ordered_json::array()}}
      .dump();
}

}  // namespace earthcatalog::answer
