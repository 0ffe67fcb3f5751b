#include "earthcatalog/answer/column_writers.h"

#include <arrow/array.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <utility>

#include "earthcatalog/answer/output_stream.h"
#include "earthcatalog/answer/parquet_file.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::answer {
namespace {

Status status_of_arrow(const arrow::Status& status) {
  if (!status.ok()) return std::unexpected(storage::from_arrow(status));
  return {};
}

// Rows without any, which know their columns.
Result<std::shared_ptr<arrow::RecordBatch>> no_rows(const iceberg::Schema& schema) {
  return geoparquet::conform(arrow::RecordBatch::Make(arrow::schema({}), 0, arrow::ArrayVector()), schema);
}

// One row an item, with the columns of the table.
class Columns : public Writer {
 public:
  Columns(iceberg::Schema columns, Output output) : output_(std::move(output)), columns_(std::move(columns)) {}
  const iceberg::Schema& columns() const override { return columns_; }
  Result<search::Piece> make(const std::shared_ptr<arrow::RecordBatch>& rows,
                             std::span<const std::int64_t> found) const override {
    search::Piece piece;
    EC_ASSIGN_OR_RETURN(piece.rows, search::take_rows(rows, found));
    return piece;
  }

 protected:
  const Output output_;

 private:
  const iceberg::Schema columns_;
};

// With the name of the extension type: https://geoarrow.org/extension-types.html
std::shared_ptr<arrow::Schema> with_geoarrow(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    fields.push_back(field->name() != "geometry"
                         ? field
                         : field->WithMetadata(arrow::key_value_metadata(
                               {"ARROW:extension:name", "ARROW:extension:metadata"},
                               {"geoarrow.wkb", R"({"crs":"OGC:CRS84","crs_type":"authority_code"})"})));
  }
  return arrow::schema(std::move(fields));
}

class ArrowStream final : public Columns {
 public:
  using Columns::Columns;
  Status begin() override {
    EC_ASSIGN_OR_RETURN(const auto none, no_rows(columns()));
    schema_ = with_geoarrow(*none->schema());
    stream_ = std::make_shared<OutputStream>(output_);
    auto writer = arrow::ipc::MakeStreamWriter(stream_, schema_);
    if (!writer.ok()) return std::unexpected(storage::from_arrow(writer.status()));
    writer_ = *std::move(writer);
    return {};
  }
  Result<bool> take(search::Piece&& piece, std::size_t) override {
    EC_TRY(status_of_arrow(
        writer_->WriteRecordBatch(*arrow::RecordBatch::Make(schema_, piece.rows->num_rows(), piece.rows->columns()))));
    return stream_->wanted();
  }
  Status finish(const Ending&) override {
    EC_TRY(status_of_arrow(writer_->Close()));
    return status_of_arrow(stream_->Close());
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<OutputStream> stream_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

class Geoparquet final : public Columns {
 public:
  using Columns::Columns;
  Status begin() override {
    EC_ASSIGN_OR_RETURN(const auto none, no_rows(columns()));
    EC_ASSIGN_OR_RETURN(file_, ParquetFile::open(none->schema(), "geometry_bbox", output_));
    return {};
  }
  Result<bool> take(search::Piece&& piece, std::size_t) override { return file_->append(*piece.rows); }
  Status finish(const Ending&) override { return file_->finish({}, {}); }

 private:
  std::unique_ptr<ParquetFile> file_;
};

}  // namespace

std::unique_ptr<Writer> make_arrow(const read::TableReader& table, const ItemFields& fields, Output output) {
  return std::make_unique<ArrowStream>(fields.columns(table), std::move(output));
}
std::unique_ptr<Writer> make_geoparquet(const read::TableReader& table, const ItemFields& fields, Output output) {
  return std::make_unique<Geoparquet>(fields.columns(table), std::move(output));
}

}  // namespace earthcatalog::answer
