// The GeoParquet writers of one schema, made once for all files of a flush.
#pragma once

#include <string_view>
#include <utility>

#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace earthcatalog::write {

/// Immutable; may be used by many threads at once.
class PartitionWriters {
 public:
  static Result<PartitionWriters> make(iceberg::Schema schema) {
    EC_ASSIGN_OR_RETURN(auto located, geoparquet::FileWriter::make(schema, {}));
    EC_ASSIGN_OR_RETURN(auto unlocated, geoparquet::FileWriter::make(schema, {.covering = false}));
    return PartitionWriters(std::move(schema), std::move(located), std::move(unlocated));
  }

  /// That of the columns of all files.
  const iceberg::Schema& schema() const { return schema_; }
  /// For files of a cell. Those of "__none__" carry no covering.
  const geoparquet::FileWriter& of(std::string_view cell) const {
    return cell == grid::kNoCellName ? unlocated_ : located_;
  }

 private:
  PartitionWriters(iceberg::Schema schema, geoparquet::FileWriter located, geoparquet::FileWriter unlocated)
      : schema_(std::move(schema)), located_(std::move(located)), unlocated_(std::move(unlocated)) {}

  iceberg::Schema schema_;
  geoparquet::FileWriter located_, unlocated_;
};

}  // namespace earthcatalog::write
