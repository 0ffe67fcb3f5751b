#include "earthcatalog/search/filter_bounds.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>

#include "earthcatalog/iceberg/metadata/values.h"

namespace earthcatalog::search {
namespace {

constexpr TimeMicros kDay = 86'400 * kMicrosPerSecond;

cql2::Value instant(TimeMicros at) { return cql2::Times{at, at, at}; }

cql2::Value day(std::int32_t days) { return cql2::Times{days * kDay, days * kDay + kDay - 1, days * kDay}; }

template <class Number, class Make>
cql2::Value made(const std::optional<Number>& number, Make make) {
  return number ? cql2::Value(make(*number)) : cql2::Value();
}

// A bound as the value that it stands for; null when it says nothing.
cql2::Value value_of(std::optional<std::string_view> bound, iceberg::TypeId type) {
  const auto number = [](auto value) { return static_cast<double>(value); };
  if (!bound) return {};
  switch (type) {
    case iceberg::TypeId::kBoolean:
      return bound->size() == 1 ? cql2::Value((*bound)[0] != 0) : cql2::Value();
    case iceberg::TypeId::kInt:
      return made(iceberg::deserialize_int(*bound), number);
    case iceberg::TypeId::kLong:
      return made(iceberg::deserialize_long(*bound), number);
    case iceberg::TypeId::kDouble:
      return made(iceberg::deserialize_double(*bound), number);
    case iceberg::TypeId::kString:
      return std::string(*bound);
    case iceberg::TypeId::kTimestamp:
    case iceberg::TypeId::kTimestampTz:
      return made(iceberg::deserialize_long(*bound), instant);
    case iceberg::TypeId::kDate:
      return made(iceberg::deserialize_int(*bound), day);
    default:
      return {};
  }
}

class FileStatistics final : public cql2::Statistics {
 public:
  FileStatistics(const Properties& properties, const iceberg::NestedField* extra, const iceberg::FileFacts& file)
      : properties_(properties),
        file_(file),
        all_in_columns_(extra == nullptr || nulls(*extra) == file.record_count()) {}

  cql2::Extent extent(std::size_t slot) const override {
    const auto& property = properties_.all()[slot];
    if (property.column == nullptr || property.is_json()) return {};
    const auto& column = *property.column;
    const auto without = nulls(column);
    // What a row has not in the column, it may have in stac_extra.
    if (!without || (*without > 0 && !all_in_columns_)) return {};
    return {value_of(file_.lower_bound(column.field_id), column.type.id),
            value_of(file_.upper_bound(column.field_id), column.type.id), *without > 0,
            *without == file_.record_count()};
  }

 private:
  std::optional<std::int64_t> nulls(const iceberg::NestedField& column) const {
    return file_.null_count(column.field_id);
  }

  const Properties& properties_;
  const iceberg::FileFacts& file_;
  bool all_in_columns_;
};

// Rows whose `datetime` lies between two instants.
class TimeStatistics final : public cql2::Statistics {
 public:
  TimeStatistics(const Properties& properties, TimeMicros first, TimeMicros last)
      : properties_(properties), first_(first), last_(last) {}

  cql2::Extent extent(std::size_t slot) const override {
    const auto* const column = properties_.all()[slot].column;
    if (column == nullptr || column->name != "datetime") return {};
    return {instant(first_), instant(last_), false, false};
  }

 private:
  const Properties& properties_;
  TimeMicros first_, last_;
};

TimeMicros begin_of(int year) {
  const std::chrono::sys_days day = std::chrono::year(year) / std::chrono::January / 1;
  return day.time_since_epoch().count() * kDay;
}

}  // namespace

FilterBounds::FilterBounds(const BoundQuery& query)
    : properties_(query.table.schema()), extra_(query.table.schema().find("stac_extra")) {}

Result<FilterBounds> FilterBounds::make(const BoundQuery& query) {
  FilterBounds bounds(query);
  if (!query.query.filter) return bounds;
  const auto resolve = [&](std::string_view name) { return bounds.properties_.resolve(name); };
  EC_ASSIGN_OR_RETURN(bounds.filter_, cql2::Predicate::bind(*query.query.filter, resolve));
  return bounds;
}

std::vector<int> FilterBounds::fields() const {
  std::vector<int> ids;
  for (const auto& column : properties_.columns()) ids.push_back(column.field_id);
  return ids;
}

bool FilterBounds::may_hold_matches(const iceberg::FileFacts& file) const {
  return !filter_ || filter_->may_be_true(FileStatistics(properties_, extra_, file));
}

bool FilterBounds::may_lie_between(TimeMicros first, TimeMicros last) const {
  return filter_->may_be_true(TimeStatistics(properties_, first, last));
}

void FilterBounds::leave_out_years(iceberg::FileFilter& files) const {
  constexpr int kFirst = 1900, kEnd = 2200;
  const auto is_datetime = [](const auto& property) {
    return property.column != nullptr && property.column->name == "datetime";
  };
  if (!filter_ || std::ranges::none_of(properties_.all(), is_datetime)) return;
  using Limits = std::numeric_limits<TimeMicros>;
  if (may_lie_between(Limits::min(), begin_of(kFirst) - 1) || may_lie_between(begin_of(kEnd), Limits::max())) return;
  auto& years = files.years_since_1970;
  const bool any = years.empty();
  years.insert(std::nullopt);
  for (int year = kFirst; year < kEnd; ++year) {
    const bool may = may_lie_between(begin_of(year), begin_of(year + 1) - 1);
    if (may && any) years.insert(year - 1970);
    if (!may) years.erase(year - 1970);
  }
}

}  // namespace earthcatalog::search
