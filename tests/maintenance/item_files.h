// Data files with real rows, in the folders of their partitions.
#pragma once

#include <arrow/api.h>

#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/geoparquet/writer.h"
#include "maintenance/maintenance_support.h"

namespace earthcatalog::maintenance {

inline constexpr const char* kOneCell = "81063ffffffffff";
inline constexpr const char* kOtherCell = "81067ffffffffff";

struct Item {
  std::string id;
  std::optional<TimeMicros> updated;
};

inline iceberg::Schema itslive() { return catalog::iceberg_schema(stac::initial_schema(stac::SchemaKind::kItslive)); }

/// A data file of ours with these items, all of the year 2020.
inline void write_items(Warehouse& warehouse, const std::string& cell, const std::string& name,
                        const std::vector<Item>& items) {
  arrow::StringBuilder ids, cells;
  const auto time_type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::TimestampBuilder updated(time_type, arrow::default_memory_pool());
  arrow::TimestampBuilder datetime(time_type, arrow::default_memory_pool());
  for (const auto& item : items) {
    ASSERT_TRUE(ids.Append(item.id).ok() && cells.Append(cell).ok() && datetime.Append(1'590'000'000'000'000).ok());
    ASSERT_TRUE((item.updated ? updated.Append(*item.updated) : updated.AppendNull()).ok());
  }
  const auto rows = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::utf8()), arrow::field("grid_partition", arrow::utf8()),
                     arrow::field("updated", time_type), arrow::field("datetime", time_type)}),
      std::ssize(items),
      {ids.Finish().ValueOrDie(), cells.Finish().ValueOrDie(), updated.Finish().ValueOrDie(),
       datetime.Finish().ValueOrDie()});
  const auto where =
      warehouse.stores.locate(warehouse.uri(fmt::format("grid_partition={}/year=2020/{}.parquet", cell, name))).value();
  const auto schema = itslive();
  ASSERT_TRUE(geoparquet::write_file(where, {geoparquet::conform(rows, schema).value()}, schema,
                                     {.cell = cell, .year_since_1970 = 50}, {.covering = false}));
  catalog::pass_seconds(60);
}

}  // namespace earthcatalog::maintenance
