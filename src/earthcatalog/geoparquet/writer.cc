#include "earthcatalog/geoparquet/writer.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/column_writer.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "earthcatalog/geoparquet/arrow_edge.h"
#include "earthcatalog/geoparquet/column_metrics.h"
#include "earthcatalog/geoparquet/geo_metadata.h"
#include "earthcatalog/geoparquet/layout.h"
#include "earthcatalog/geoparquet/wkb.h"

namespace earthcatalog::geoparquet {
namespace {

// What a row of ITS_LIVE takes in a file, the footer of a small one aside.
constexpr std::int64_t kExpectedRowBytes = 512;

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

Status check_batch(const arrow::RecordBatch& batch, const arrow::Schema& expected) {
  const arrow::Schema& actual = *batch.schema();
  if (actual.num_fields() != expected.num_fields()) {
    return fail(ErrorKind::kInvalidArgument, "the rows have {} columns, the schema {}", actual.num_fields(),
                expected.num_fields());
  }
  for (int i = 0; i < expected.num_fields(); ++i) {
    const arrow::Field& want = *expected.field(i);
    const arrow::Field& have = *actual.field(i);
    if (have.name() != want.name() || !have.type()->Equals(want.type())) {
      return fail(ErrorKind::kInvalidArgument,
                  "column {} of the rows is \"{}\" of type {}, of the schema \"{}\" of type {}", i + 1, have.name(),
                  have.type()->ToString(), want.name(), want.type()->ToString());
    }
    if (!want.nullable() && batch.column(i)->null_count() != 0) {
      return fail(ErrorKind::kInvalidArgument, "the required column \"{}\" has null values", want.name());
    }
  }
  return {};
}

Result<GeometrySummary> summarize(const Batches& batches, int column) {
  GeometrySummary summary;
  if (column < 0) return summary;
  std::int64_t row = 0;
  for (const auto& batch : batches) {
    const auto& geometries = static_cast<const arrow::BinaryArray&>(*batch->column(column));
    for (std::int64_t i = 0; i < geometries.length(); ++i, ++row) {
      if (!geometries.IsNull(i) && !summary.add(geometries.GetView(i))) {
        return fail(ErrorKind::kInvalidArgument, "row {}: the geometry is no well-formed WKB", row);
      }
    }
  }
  return summary;
}

// The arrays of a leaf in one batch: its values, and the struct around them.
struct LeafArrays {
  std::shared_ptr<arrow::Array> values, parent;
};

LeafArrays leaf_arrays(const arrow::RecordBatch& batch, const Leaf& leaf) {
  const auto& column = batch.column(leaf.column);
  if (leaf.child < 0) return {column, nullptr};
  return {static_cast<const arrow::StructArray&>(*column).field(leaf.child), column};
}

std::int16_t max_definition_level(const Leaf& leaf) {
  return static_cast<std::int16_t>((leaf.nullable ? 1 : 0) + (leaf.parent_nullable ? 1 : 0));
}

// Parquet's definition levels: how many of the optional nodes on the way to each value are there.
void definition_levels(const Leaf& leaf, const LeafArrays& arrays, std::vector<std::int16_t>& levels) {
  const std::int16_t max_level = max_definition_level(leaf);
  levels.assign(static_cast<std::size_t>(arrays.values->length()), max_level);
  const bool parent_nulls = arrays.parent != nullptr && arrays.parent->null_count() != 0;
  if (!parent_nulls && arrays.values->null_count() == 0) return;
  for (std::int64_t i = 0; i < arrays.values->length(); ++i) {
    auto& level = levels[static_cast<std::size_t>(i)];
    if (parent_nulls && arrays.parent->IsNull(i)) {
      level = 0;
    } else if (arrays.values->IsNull(i)) {
      level = static_cast<std::int16_t>(max_level - 1);
    }
  }
}

// The batches cut into row groups.
std::vector<Batches> cut(const Batches& batches, std::int64_t row_group_rows) {
  std::vector<Batches> groups;
  std::int64_t room = 0;
  for (const auto& batch : batches) {
    for (std::int64_t offset = 0; offset < batch->num_rows();) {
      if (room == 0) {
        groups.emplace_back();
        room = row_group_rows;
      }
      const std::int64_t length = std::min(room, batch->num_rows() - offset);
      groups.back().push_back(length == batch->num_rows() ? batch : batch->Slice(offset, length));
      offset += length;
      room -= length;
    }
  }
  return groups;
}

}  // namespace

struct FileWriter::Impl {
  Layout layout;
  WriteOptions options;
  FileProperties properties;

  Result<iceberg::DataFile> encode(const Batches& batches, std::int64_t rows,
                                   const std::shared_ptr<arrow::io::OutputStream>& sink) const;
  Status write_row_group(parquet::RowGroupWriter& group, const Batches& batches, iceberg::DataFile& file) const;
};

Status FileWriter::Impl::write_row_group(parquet::RowGroupWriter& group, const Batches& batches,
                                         iceberg::DataFile& file) const {
  const auto arrow_properties = parquet::default_arrow_writer_properties();
  parquet::ArrowWriteContext context(arrow::default_memory_pool(), arrow_properties.get());
  std::vector<std::int16_t> levels;
  for (const Leaf& leaf : layout.leaves) {
    parquet::ColumnWriter& column = *group.NextColumn();
    for (const auto& batch : batches) {
      const LeafArrays arrays = leaf_arrays(*batch, leaf);
      definition_levels(leaf, arrays, levels);
      EC_ARROW_TRY(ErrorKind::kInvalidArgument, column.WriteArrow(levels.data(), nullptr, arrays.values->length(),
                                                                  *arrays.values, &context, leaf.nullable));
    }
    column.Close();
    file.column_sizes[leaf.field_id] += column.total_compressed_bytes_written();
  }
  group.Close();
  return {};
}

Result<iceberg::DataFile> FileWriter::Impl::encode(const Batches& batches, std::int64_t rows,
                                                   const std::shared_ptr<arrow::io::OutputStream>& sink) const {
  EC_ASSIGN_OR_RETURN(const GeometrySummary summary, summarize(batches, layout.geometry));
  std::vector<std::string> keys, values;
  if (layout.geometry >= 0) {
    const bool covering = options.covering && layout.has_bbox_column && summary.count > 0;
    keys = {"geo", "stac-geoparquet"};
    values = {geo_metadata(summary, covering), kStacGeoparquetMetadata};
  }
  keys.emplace_back("ARROW:schema");
  values.push_back(layout.arrow_schema);

  iceberg::DataFile file;
  file.record_count = rows;
  const auto writer = parquet::ParquetFileWriter::Open(sink, layout.root, properties.of(rows),
                                                       arrow::key_value_metadata(std::move(keys), std::move(values)));
  for (const Batches& group : cut(batches, options.row_group_rows)) {
    EC_ARROW_ASSIGN(const std::int64_t offset, ErrorKind::kIOError, sink->Tell());
    file.split_offsets.push_back(offset);
    EC_TRY(write_row_group(*writer->AppendRowGroup(), group, file));
  }
  writer->Close();
  for (const Leaf& leaf : layout.leaves) {
    ColumnMetrics metrics(leaf);
    for (const auto& batch : batches) {
      const LeafArrays arrays = leaf_arrays(*batch, leaf);
      metrics.add(*arrays.values, arrays.parent.get());
    }
    metrics.describe(file);
  }
  EC_ARROW_ASSIGN(file.file_size_in_bytes, ErrorKind::kIOError, sink->Tell());
  return file;
}

FileWriter::FileWriter(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
FileWriter::FileWriter(FileWriter&&) noexcept = default;
FileWriter& FileWriter::operator=(FileWriter&&) noexcept = default;
FileWriter::~FileWriter() = default;

Result<FileWriter> FileWriter::make(const iceberg::Schema& schema, const WriteOptions& options) {
  if (options.row_group_rows <= 0 || options.max_row_groups <= 0 || options.zstd_level < 1 || options.zstd_level > 19) {
    return fail(ErrorKind::kInvalidArgument, "row_group_rows and max_row_groups must be positive, zstd_level 1 to 19");
  }
  return guarded(ErrorKind::kInvalidArgument, [&]() -> Result<FileWriter> {
    auto impl = std::make_unique<Impl>();
    EC_ASSIGN_OR_RETURN(impl->layout, make_layout(schema));
    impl->options = options;
    impl->properties = make_properties(impl->layout, options);
    return FileWriter(std::move(impl));
  });
}

Result<iceberg::DataFile> FileWriter::write(const storage::Location& where, const Batches& batches,
                                            const iceberg::PartitionKey& partition) const {
  const auto write = [&]() -> Result<iceberg::DataFile> {
    std::int64_t rows = 0;
    for (const auto& batch : batches) {
      EC_TRY(check_batch(*batch, *impl_->layout.rows));
      rows += batch->num_rows();
    }
    const std::int64_t limit = impl_->options.row_group_rows * impl_->options.max_row_groups;
    if (rows == 0) return fail(ErrorKind::kInvalidArgument, "there are no rows to write");
    if (rows > limit) return fail(ErrorKind::kInvalidArgument, "{} rows, and a file holds {}", rows, limit);

    if (rows > impl_->options.row_group_rows) {
      EC_ASSIGN_OR_RETURN(const auto sink, where.store->open_output(where.key));
      EC_ASSIGN_OR_RETURN(iceberg::DataFile file, impl_->encode(batches, rows, sink));
      EC_ARROW_TRY(ErrorKind::kIOError, sink->Close());
      return file;
    }
    EC_ARROW_ASSIGN(const auto sink, ErrorKind::kIOError,
                    arrow::io::BufferOutputStream::Create(rows * kExpectedRowBytes));
    EC_ASSIGN_OR_RETURN(iceberg::DataFile file, impl_->encode(batches, rows, sink));
    EC_ARROW_ASSIGN(const auto bytes, ErrorKind::kIOError, sink->Finish());
    EC_TRY(where.store->put(where.key, std::string_view(*bytes)));
    return file;
  };
  const std::string uri = where.uri();
  EC_ASSIGN_OR_RETURN(iceberg::DataFile file, name_object(guarded(ErrorKind::kInvalidArgument, write), "writing", uri));
  file.file_path = uri;
  file.partition = partition;
  return file;
}

Result<iceberg::DataFile> write_file(const storage::Location& where, const Batches& batches,
                                     const iceberg::Schema& schema, const iceberg::PartitionKey& partition,
                                     const WriteOptions& options) {
  EC_ASSIGN_OR_RETURN(const FileWriter writer, FileWriter::make(schema, options));
  return writer.write(where, batches, partition);
}

}  // namespace earthcatalog::geoparquet
