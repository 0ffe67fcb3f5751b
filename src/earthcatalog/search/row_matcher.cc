#include "earthcatalog/search/row_matcher.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace earthcatalog::search {
namespace {

template <class Array>
const Array* column(const arrow::RecordBatch& rows, const char* name) {
  return dynamic_cast<const Array*>(rows.GetColumnByName(name).get());
}

template <class Array>
std::string_view text(const Array* column, std::int64_t row) {
  return column != nullptr && column->IsValid(row) ? std::string_view(column->GetView(row)) : std::string_view();
}

std::optional<TimeMicros> time(const arrow::TimestampArray* column, std::int64_t row) {
  return column != nullptr && column->IsValid(row) ? std::optional(column->Value(row)) : std::nullopt;
}

}  // namespace

// Null where the batch has no such column.
struct RowMatcher::Columns {
  explicit Columns(const arrow::RecordBatch& rows)
      : id(column<arrow::StringArray>(rows, "id")),
        collection(column<arrow::StringArray>(rows, "collection")),
        cell(column<arrow::StringArray>(rows, "grid_partition")),
        geometry(column<arrow::BinaryArray>(rows, "geometry")),
        primary(column<arrow::BooleanArray>(rows, "grid_primary")),
        datetime(column<arrow::TimestampArray>(rows, "datetime")),
        start(column<arrow::TimestampArray>(rows, "start_datetime")),
        end(column<arrow::TimestampArray>(rows, "end_datetime")),
        box(column<arrow::StructArray>(rows, "geometry_bbox")) {
    if (box == nullptr) return;
    for (const char* name : {"xmin", "ymin", "xmax", "ymax"}) {
      corners.push_back(dynamic_cast<const arrow::DoubleArray*>(box->GetFieldByName(name).get()));
    }
  }

  std::optional<grid::Bounds> bounds(std::int64_t row) const {
    if (box == nullptr || box->IsNull(row)) return std::nullopt;
    grid::Bounds bounds;
    double* const members[] = {&bounds.xmin, &bounds.ymin, &bounds.xmax, &bounds.ymax};
    for (std::size_t i = 0; i < 4; ++i) {
      if (corners[i] == nullptr || corners[i]->IsNull(row)) return std::nullopt;
      *members[i] = corners[i]->Value(row);
    }
    return bounds;
  }

  const arrow::StringArray *id, *collection, *cell;
  const arrow::BinaryArray* geometry;
  const arrow::BooleanArray* primary;
  const arrow::TimestampArray *datetime, *start, *end;
  const arrow::StructArray* box;
  std::vector<const arrow::DoubleArray*> corners;
};

Result<std::unique_ptr<RowMatcher>> RowMatcher::make(const BoundQuery& query) {
  std::unique_ptr<RowMatcher> matcher(new RowMatcher(query));
  if (query.query.filter) EC_TRY(matcher->bind_filter());
  return matcher;
}

Status RowMatcher::bind_filter() {
  const auto resolve = [&](std::string_view name) { return properties_.resolve(name); };
  EC_ASSIGN_OR_RETURN(filter_, cql2::Predicate::bind(*query_.query.filter, resolve));
  for (auto& column : properties_.columns()) {
    if (columns_.find(column.name) == nullptr) columns_.fields.push_back(std::move(column));
  }
  return {};
}

RowMatcher::RowMatcher(const BoundQuery& query) : query_(query), properties_(query.table.schema()) {
  const auto need = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (const auto* const field = query.table.schema().find(name)) columns_.fields.push_back(*field);
    }
  };
  need({"id"});
  if (!query.query.collections.empty() || query.chosen == Chosen::kNewest) need({"collection"});
  if (query.query.time) need({"datetime", "start_datetime", "end_datetime"});
  if (query.area != nullptr) {
    need({"geometry", "geometry_bbox"});
    area_ = std::make_unique<AreaTest>(*query.area);
  }
  if (query.chosen == Chosen::kNewest) need({"updated"});
  if (query.chosen == Chosen::kPrimary) need({"grid_primary"});
  if (query.chosen == Chosen::kSmallestCell) {
    need({"grid_partition"});
    coverer_ = query.grid->make_coverer();
  }
}

bool RowMatcher::may_match(const Columns& columns, std::int64_t row) const {
  const auto& query = query_.query;
  if (!query.ids.empty() && !query.ids.contains(text(columns.id, row))) return false;
  if (!query.collections.empty() && !query.collections.contains(text(columns.collection, row))) return false;
  const ItemTimes times{time(columns.datetime, row), time(columns.start, row), time(columns.end, row)};
  if (query.time && !meets(*query.time, query.time_field, times)) return false;
  if (query_.area == nullptr) return true;
  if (text(columns.geometry, row).empty()) return false;
  const auto bounds = columns.bounds(row);
  return !bounds || query_.area->may_touch(*bounds);
}

Result<bool> RowMatcher::stands_for_its_item(const Columns& columns, std::int64_t row) {
  switch (query_.chosen) {
    case Chosen::kNewest:
      return true;
    case Chosen::kPrimary:
      return columns.primary != nullptr && columns.primary->IsValid(row) && columns.primary->Value(row);
    case Chosen::kSmallestCell:
      break;
  }
  EC_TRY(coverer_->cover(text(columns.geometry, row), cells_));
  const auto first =
      std::ranges::find_if(cells_, [&](grid::Cell cell) { return std::ranges::binary_search(*query_.cells, cell); });
  return first != cells_.end() && query_.grid->name(*first) == text(columns.cell, row);
}

// The cheapest question first.
Result<bool> RowMatcher::passes(const Columns& columns, std::int64_t row, PropertyRow& properties) {
  EC_ASSIGN_OR_RETURN(bool yes, stands_for_its_item(columns, row));
  if (yes && filter_) {
    properties.move_to(row);
    EC_ASSIGN_OR_RETURN(const auto answer, filter_->test(properties));
    yes = answer == true;
  }
  if (yes && area_ != nullptr) {
    EC_ASSIGN_OR_RETURN(yes, area_->touches(text(columns.geometry, row)));
  }
  return yes;
}

Status RowMatcher::match(const arrow::RecordBatch& rows, std::vector<std::int64_t>& found) {
  found.clear();
  const Columns columns(rows);
  PropertyRow properties(properties_, rows);
  for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
    if (!may_match(columns, row)) continue;
    const auto yes = passes(columns, row, properties);
    if (!yes) return annotate(Status(std::unexpected(yes.error())), fmt::format("item {}", text(columns.id, row)));
    if (*yes) found.push_back(row);
  }
  return {};
}

}  // namespace earthcatalog::search
