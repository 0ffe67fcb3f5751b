#include "earthcatalog/geoparquet/writer.h"

#include <arrow/record_batch.h>

#include <utility>

#include "earthcatalog/geoparquet/arrow_edge.h"
#include "earthcatalog/geoparquet/writer_impl.h"

namespace earthcatalog::geoparquet {
namespace {

NextPlace only(const storage::Location& where) {
  return [where, asked = false]() mutable -> Result<storage::Location> {
    if (!std::exchange(asked, true)) return where;
    return fail(ErrorKind::kAlreadyExists, "writing {}: another object has that name, and stays", where.uri());
  };
}

}  // namespace

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

std::int64_t FileWriter::max_rows() const { return impl_->options.row_group_rows * impl_->options.max_row_groups; }

Result<FileStream> FileWriter::open(const storage::Location& where, const iceberg::PartitionKey& partition,
                                    std::int64_t rows) const {
  return open(only(where), partition, rows);
}

Result<iceberg::DataFile> FileWriter::write(const storage::Location& where,
                                            const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                            const iceberg::PartitionKey& partition) const {
  return write(only(where), batches, partition);
}

Result<iceberg::DataFile> FileWriter::write(const NextPlace& next,
                                            const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                            const iceberg::PartitionKey& partition) const {
  std::int64_t rows = 0;
  for (const auto& batch : batches) rows += batch->num_rows();
  EC_ASSIGN_OR_RETURN(FileStream stream, open(next, partition, rows));
  for (const auto& batch : batches) EC_TRY(stream.append(batch));
  return stream.finish();
}

Result<iceberg::DataFile> write_file(const storage::Location& where,
                                     const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                     const iceberg::Schema& schema, const iceberg::PartitionKey& partition,
                                     const WriteOptions& options) {
  EC_ASSIGN_OR_RETURN(const FileWriter writer, FileWriter::make(schema, options));
  return writer.write(where, batches, partition);
}

}  // namespace earthcatalog::geoparquet
