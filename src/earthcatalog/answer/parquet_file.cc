#include "earthcatalog/answer/parquet_file.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <utility>

#include "earthcatalog/answer/output_stream.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/geoparquet/geo_metadata.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::answer {
namespace {

Status status_of_arrow(const arrow::Status& status) {
  if (!status.ok()) return std::unexpected(storage::from_arrow(status));
  return {};
}

const arrow::DoubleArray* member(const arrow::Array* box, const char* name) {
  const auto* const parts = dynamic_cast<const arrow::StructArray*>(box);
  return parts == nullptr ? nullptr : dynamic_cast<const arrow::DoubleArray*>(parts->GetFieldByName(name).get());
}

bool holds(const arrow::Array* box, std::int64_t row, const geoparquet::GeometrySummary& geometry) {
  if (box == nullptr || box->IsNull(row)) return false;
  const auto at = [&](const char* name, double bound, bool lower) {
    const auto* const values = member(box, name);
    if (values == nullptr || values->IsNull(row)) return false;
    return lower ? values->Value(row) <= bound : values->Value(row) >= bound;
  };
  return at("xmin", geometry.lower[0], true) && at("ymin", geometry.lower[1], true) &&
         at("xmax", geometry.upper[0], false) && at("ymax", geometry.upper[1], false);
}

}  // namespace

ParquetFile::ParquetFile(std::shared_ptr<OutputStream> stream, std::unique_ptr<parquet::arrow::FileWriter> writer,
                         std::string box, bool has_geometry)
    : stream_(std::move(stream)), writer_(std::move(writer)), box_(std::move(box)), has_geometry_(has_geometry) {}

ParquetFile::~ParquetFile() = default;

Result<std::unique_ptr<ParquetFile>> ParquetFile::open(const std::shared_ptr<arrow::Schema>& schema, std::string box,
                                                       Output output) {
  const auto properties = parquet::WriterProperties::Builder()
                              .compression(parquet::Compression::ZSTD)
                              ->compression_level(1)
                              ->max_row_group_length(kRowGroupRows)
                              ->disable_statistics("geometry")
                              ->disable_dictionary("geometry")
                              ->build();
  auto stream = std::make_shared<OutputStream>(std::move(output));
  auto writer = parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), stream, properties);
  if (!writer.ok()) return std::unexpected(storage::from_arrow(writer.status()));
  const bool has_geometry = schema->GetFieldIndex("geometry") >= 0;
  if (schema->GetFieldIndex(box) < 0) box.clear();
  return std::unique_ptr<ParquetFile>(
      new ParquetFile(std::move(stream), *std::move(writer), std::move(box), has_geometry));
}

void ParquetFile::look_at(const arrow::RecordBatch& rows) {
  const auto geometries = rows.GetColumnByName("geometry");
  const auto box = box_.empty() ? nullptr : rows.GetColumnByName(box_);
  const auto* const wkb = dynamic_cast<const arrow::BinaryArray*>(geometries.get());
  if (wkb == nullptr) return;
  for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
    if (wkb->IsNull(row)) continue;
    geoparquet::GeometrySummary one;
    if (!one.add(wkb->GetView(row))) continue;
    summary_.add(wkb->GetView(row));
    boxes_hold_ = boxes_hold_ && (!one.has_coordinates() || holds(box.get(), row, one));
  }
}

Result<bool> ParquetFile::append(const arrow::RecordBatch& rows) {
  look_at(rows);
  EC_TRY(status_of_arrow(writer_->WriteRecordBatch(rows)));
  return stream_->wanted();
}

Status ParquetFile::finish(const std::string& key, const std::string& value) {
  if (has_geometry_) {
    const bool covering = !box_.empty() && boxes_hold_ && summary_.has_coordinates();
    EC_TRY(status_of_arrow(writer_->AddKeyValueMetadata(
        arrow::key_value_metadata({"geo"}, {geoparquet::geo_metadata(summary_, covering ? box_ : "")}))));
  }
  if (!key.empty()) {
    EC_TRY(status_of_arrow(writer_->AddKeyValueMetadata(arrow::key_value_metadata({key}, {value}))));
  }
  EC_TRY(status_of_arrow(writer_->Close()));
  return status_of_arrow(stream_->Close());
}

}  // namespace earthcatalog::answer
