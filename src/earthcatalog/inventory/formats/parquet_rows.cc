#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <numeric>

#include "earthcatalog/inventory/formats/arrow_internal.h"
#include "earthcatalog/inventory/formats/batch_rows.h"

namespace earthcatalog::inventory {
namespace {

constexpr std::int64_t kPageBufferBytes = 4 << 20;

class ParquetRows final : public BatchRows {
 public:
  ParquetRows(std::unique_ptr<parquet::arrow::FileReader> file, std::shared_ptr<arrow::RecordBatchReader> batches,
              ColumnMap columns, TableOptions options)
      : BatchRows(std::move(batches), columns, file->parquet_reader()->metadata()->num_rows(), std::move(options)),
        file_(std::move(file)) {}

 private:
  std::unique_ptr<parquet::arrow::FileReader> file_;  // the batches need it
};

// Reads column chunks page by page instead of whole: a row group may be any size.
Result<std::unique_ptr<parquet::arrow::FileReader>> open_file(std::shared_ptr<arrow::io::RandomAccessFile> file) {
  parquet::ReaderProperties properties;
  properties.enable_buffered_stream();
  properties.set_buffer_size(kPageBufferBytes);
  parquet::arrow::FileReaderBuilder builder;
  EC_TRY(from_arrow(builder.Open(std::move(file), properties), "reading the Parquet footer"));
  parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
  arrow_properties.set_pre_buffer(false);
  arrow_properties.set_batch_size(kBatchRows);
  const auto* schema = builder.raw_reader()->metadata()->schema();
  for (int leaf = 0; leaf < schema->num_columns(); ++leaf) {
    const auto* column = schema->Column(leaf);
    if (column->path()->ToDotString() == "bucket" && column->physical_type() == parquet::Type::BYTE_ARRAY) {
      arrow_properties.set_read_dictionary(leaf, true);
    }
  }
  auto reader = builder.properties(arrow_properties)->Build();
  EC_TRY(from_arrow(reader.status(), "reading the Parquet schema"));
  return std::move(reader).ValueUnsafe();
}

// The leaf columns of the roles' top-level columns: leaves and fields count differently where a column is nested.
std::vector<int> leaves_of(const parquet::SchemaDescriptor& descriptor, const arrow::Schema& schema,
                           const ColumnMap& columns) {
  std::vector<int> leaves;
  for (int leaf = 0; leaf < descriptor.num_columns(); ++leaf) {
    const std::string& root = descriptor.GetColumnRoot(leaf)->name();
    for (const int index : columns.index) {
      if (index >= 0 && schema.field(index)->name() == root) leaves.push_back(leaf);
    }
  }
  return leaves;
}

Result<std::unique_ptr<RowReader>> open_rows(std::shared_ptr<arrow::io::RandomAccessFile> source,
                                             TableOptions options) {
  EC_ASSIGN_OR_RETURN(auto file, open_file(std::move(source)));
  std::shared_ptr<arrow::Schema> schema;
  EC_TRY(from_arrow(file->GetSchema(&schema), "reading the Parquet schema"));
  EC_ASSIGN_OR_RETURN(const ColumnMap columns, map_table_columns(*schema));
  std::vector<int> row_groups(file->num_row_groups());
  std::iota(row_groups.begin(), row_groups.end(), 0);
  const auto leaves = leaves_of(*file->parquet_reader()->metadata()->schema(), *schema, columns);
  auto batches = file->GetRecordBatchReader(row_groups, leaves);
  EC_TRY(from_arrow(batches.status(), "reading the Parquet file"));
  std::shared_ptr<arrow::RecordBatchReader> reader = std::move(batches).ValueUnsafe();
  EC_ASSIGN_OR_RETURN(const ColumnMap projected, map_table_columns(*reader->schema()));
  return std::make_unique<ParquetRows>(std::move(file), std::move(reader), projected, std::move(options));
}

}  // namespace

Result<std::unique_ptr<RowReader>> open_parquet_rows(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                     TableOptions options) {
  const std::string uri = options.uri;
  try {
    return annotate(open_rows(std::move(file), std::move(options)), uri);
  } catch (const std::exception& error) {
    return fail(ErrorKind::kInvalidData, "{}: not a valid Parquet file: {}", uri, error.what());
  }
}

}  // namespace earthcatalog::inventory
