// A GeoParquet file of an answer: any columns, any number of rows. Internal to the module.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "earthcatalog/answer/writer.h"
#include "earthcatalog/geoparquet/wkb.h"
#include "earthcatalog/result.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow
namespace parquet::arrow {
class FileWriter;
}

namespace earthcatalog::answer {

class OutputStream;

/// Not thread-safe. Memory is one row group.
class ParquetFile {
 public:
  /// The geometry of the rows is the column `geometry`, their boxes the struct `box`, if they have these.
  static Result<std::unique_ptr<ParquetFile>> open(const std::shared_ptr<arrow::Schema>& schema, std::string box,
                                                   Output output);
  ~ParquetFile();

  /// False: nobody takes more.
  Result<bool> append(const arrow::RecordBatch& rows);
  /// `key` of the footer's metadata becomes `value`; an empty one nothing.
  Status finish(const std::string& key, const std::string& value);

 private:
  ParquetFile(std::shared_ptr<OutputStream> stream, std::unique_ptr<parquet::arrow::FileWriter> writer, std::string box,
              bool has_geometry);
  void look_at(const arrow::RecordBatch& rows);

  const std::shared_ptr<OutputStream> stream_;
  const std::unique_ptr<parquet::arrow::FileWriter> writer_;
  const std::string box_;
  const bool has_geometry_;
  geoparquet::GeometrySummary summary_;
  bool boxes_hold_ = true;  // each geometry; readers leave out rows by them
};

}  // namespace earthcatalog::answer
