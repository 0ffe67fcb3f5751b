#include "earthcatalog/search/plan.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "earthcatalog/iceberg/metadata/values.h"
#include "earthcatalog/search/filter_bounds.h"

namespace earthcatalog::search {
namespace {

// The least and the greatest value of a column in one file, as far as its manifest says.
template <class T>
struct Range {
  std::optional<T> least, greatest;
};

const iceberg::NestedField* find(const iceberg::Schema& schema, std::string_view column, std::string_view member = {}) {
  const auto* const field = schema.find(column);
  if (field == nullptr || member.empty()) return field;
  for (const auto& child : field->type.fields) {
    if (child.name == member) return &child;
  }
  return nullptr;
}

using Bound = std::optional<std::string_view>;

Bound lower_bound(const iceberg::FileFacts& file, const iceberg::NestedField* field) {
  return field == nullptr ? std::nullopt : file.lower_bound(field->field_id);
}

Bound upper_bound(const iceberg::FileFacts& file, const iceberg::NestedField* field) {
  return field == nullptr ? std::nullopt : file.upper_bound(field->field_id);
}

// Bounds of rows without a value say nothing of them.
bool has_nulls(const iceberg::FileFacts& file, const iceberg::NestedField* field) {
  const auto nulls = field == nullptr ? std::nullopt : file.null_count(field->field_id);
  return !nulls || *nulls > 0;
}

class Pruner {
 public:
  explicit Pruner(const BoundQuery& query) : query_(query) {
    const auto& schema = query.table.schema();
    id_ = find(schema, "id"), collection_ = find(schema, "collection");
    datetime_ = find(schema, "datetime");
    start_ = find(schema, "start_datetime"), end_ = find(schema, "end_datetime");
    xmin_ = find(schema, "geometry_bbox", "xmin"), ymin_ = find(schema, "geometry_bbox", "ymin");
    xmax_ = find(schema, "geometry_bbox", "xmax"), ymax_ = find(schema, "geometry_bbox", "ymax");
  }

  // Whose statistics it looks at.
  std::vector<int> fields() const {
    std::vector<int> ids;
    const auto need = [&](std::initializer_list<const iceberg::NestedField*> fields) {
      for (const auto* const field : fields) {
        if (field != nullptr) ids.push_back(field->field_id);
      }
    };
    if (query_.area != nullptr) need({xmin_, ymin_, xmax_, ymax_});
    if (query_.query.time) need({datetime_, start_, end_});
    if (!query_.query.ids.empty()) need({id_});
    if (!query_.query.collections.empty()) need({collection_});
    return ids;
  }

  bool may_hold_matches(const iceberg::FileFacts& file) const {
    return may_touch(file) && may_meet(file) && may_be_one_of(file, id_, query_.query.ids) &&
           may_be_one_of(file, collection_, query_.query.collections);
  }

 private:
  // Rows of ours without a box have no place. A row of another engine may have one all the same.
  bool may_touch(const iceberg::FileFacts& file) const {
    if (query_.area == nullptr) return true;
    if (query_.chosen == Chosen::kNewest && has_nulls(file, xmin_)) return true;
    const auto xmin = number(lower_bound(file, xmin_)), ymin = number(lower_bound(file, ymin_));
    const auto xmax = number(upper_bound(file, xmax_)), ymax = number(upper_bound(file, ymax_));
    return !xmin || !ymin || !xmax || !ymax || query_.area->may_touch({*xmin, *ymin, *xmax, *ymax});
  }

  bool may_meet(const iceberg::FileFacts& file) const {
    if (!query_.query.time) return true;
    const auto& span = *query_.query.time;
    const auto [least, greatest] = times(file, datetime_);
    const bool by_datetime = !least || !greatest || span.meets(*least, *greatest);
    // An interval counts where there is no datetime, or before it.
    if (by_datetime || (query_.query.time_field == TimeField::kDatetime && !has_nulls(file, datetime_))) {
      return by_datetime;
    }
    const auto first = times(file, start_).least, last = times(file, end_).greatest;
    return !first || !last || span.meets(*first, *last);
  }

  static bool may_be_one_of(const iceberg::FileFacts& file, const iceberg::NestedField* field, const Names& names) {
    if (names.empty()) return true;
    if (names.contains("") && has_nulls(file, field)) return true;  // an item without one
    const auto least = lower_bound(file, field), greatest = upper_bound(file, field);
    const auto first = least ? names.lower_bound(*least) : names.begin();
    return first != names.end() && (!greatest || *first <= *greatest);
  }

  static std::optional<double> number(const Bound& bound) {
    return bound ? iceberg::deserialize_double(*bound) : std::nullopt;
  }

  static std::optional<TimeMicros> time(const Bound& bound) {
    return bound ? iceberg::deserialize_long(*bound) : std::nullopt;
  }

  static Range<TimeMicros> times(const iceberg::FileFacts& file, const iceberg::NestedField* field) {
    return {time(lower_bound(file, field)), time(upper_bound(file, field))};
  }

  const BoundQuery& query_;
  const iceberg::NestedField *id_, *collection_, *datetime_, *start_, *end_, *xmin_, *ymin_, *xmax_, *ymax_;
};

// Of items with a datetime the partition says the year; those without one are in the partition of no year.
void filter_years(const Query& query, iceberg::FileFilter& filter) {
  if (!query.time || query.time_field == TimeField::kInterval || !query.time->begin || !query.time->end) return;
  const auto first = iceberg_year(*query.time->begin), last = iceberg_year(*query.time->end - 1);
  constexpr int kMostYears = 1'000;
  if (last - first >= kMostYears) return;
  filter.years_since_1970.insert(std::nullopt);
  for (auto year = first; year <= last; ++year) filter.years_since_1970.insert(year);
}

}  // namespace

Result<Plan> make_plan(const BoundQuery& query, const iceberg::FileFilter& among) {
  iceberg::ScanFilesOptions options;
  if (query.cells) {
    for (const auto cell : *query.cells) options.filter.cells.insert(query.grid->name(cell));
  }
  filter_years(query.query, options.filter);
  const Pruner pruner(query);
  options.fields = pruner.fields();
  EC_ASSIGN_OR_RETURN(const auto filter, FilterBounds::make(query));
  std::ranges::copy(filter.fields(), std::back_inserter(options.fields));
  filter.leave_out_years(options.filter);
  Plan plan;
  plan.cells = std::ssize(options.filter.cells);
  plan.years = std::ssize(options.filter.years_since_1970);
  EC_ASSIGN_OR_RETURN(const auto counts,
                      query.table.scan_files(options, [&](const iceberg::FileFacts& facts) -> Status {
                        if (!pruner.may_hold_matches(facts) || !filter.may_hold_matches(facts)) return {};
                        auto file = facts.take();
                        if (!among.matches(file.partition)) return {};
                        plan.rows += file.record_count;
                        plan.bytes += file.file_size_in_bytes;
                        plan.files.push_back(std::move(file));
                        return {};
                      }));
  plan.manifests_read = counts.manifests_read;
  plan.manifests_pruned = counts.manifests_pruned;
  plan.files_listed = counts.files;
  return plan;
}

}  // namespace earthcatalog::search
