// The layout of rows of an Iceberg schema in a Parquet file. Internal to this module.
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace earthcatalog::geoparquet {

/// A leaf column, in file order.
struct Leaf {
  int field_id = 0;
  std::string path;  ///< "id", "geometry_bbox.xmin"
  iceberg::TypeId type = iceberg::TypeId::kString;
  int column = 0;                ///< of the record batch
  int child = -1;                ///< of the column's struct, or -1
  bool nullable = true;          ///< the leaf itself
  bool parent_nullable = false;  ///< the struct around it
  bool bounded = true;           ///< has statistics and bounds: all but geometry and JSON
};

/// kUnsupported names a struct within a struct, or one without members, or a column that check_known() refuses.
Result<std::vector<Leaf>> leaves_of(const iceberg::Schema& schema);

struct Layout {
  std::shared_ptr<parquet::schema::GroupNode> root;
  std::shared_ptr<arrow::Schema> rows;  ///< what batches must look like
  std::vector<Leaf> leaves;
  int geometry = -1;  ///< column of the geometry, or -1
  bool has_bbox_column = false;
};

/// Errors of leaves_of(); kInvalidArgument when there are no columns.
Result<Layout> make_layout(const iceberg::Schema& schema);

/// Encodings pay by the number of rows. Below kSmallFileRows the numbers of a column are too few bytes to compress,
/// and setting zstd up for each is a fifth of the whole cost; below kLargeFileRows dictionaries are not worth their
/// pages.
inline constexpr std::int64_t kSmallFileRows = 64, kLargeFileRows = 1'000;
struct FileProperties {
  std::shared_ptr<parquet::WriterProperties> tiny, small, large;
  const std::shared_ptr<parquet::WriterProperties>& of(std::int64_t rows) const {
    return rows < kSmallFileRows ? tiny : rows < kLargeFileRows ? small : large;
  }
};

FileProperties make_properties(const Layout& layout, const WriteOptions& options);

/// kUnsupported for a column of a type that other engines alone read and write.
Status check_known(const iceberg::NestedField& field);
/// The Arrow type of values of an Iceberg type, not a struct's.
std::shared_ptr<arrow::DataType> arrow_type(iceberg::TypeId type);
/// The Arrow schema of rows of `schema`, without metadata.
std::shared_ptr<arrow::Schema> arrow_schema(const iceberg::Schema& schema);

}  // namespace earthcatalog::geoparquet
