#include <arrow/adapters/orc/adapter.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "earthcatalog/inventory/formats/arrow_internal.h"
#include "earthcatalog/inventory/formats/batch_rows.h"

namespace earthcatalog::inventory {
namespace {

using arrow::adapters::orc::ORCFileReader;

class OrcRows final : public BatchRows {
 public:
  OrcRows(std::unique_ptr<ORCFileReader> file, std::shared_ptr<arrow::RecordBatchReader> batches, ColumnMap columns,
          TableOptions options)
      : BatchRows(std::move(batches), columns, file->NumberOfRows(), std::move(options)), file_(std::move(file)) {}

 private:
  std::unique_ptr<ORCFileReader> file_;  // the batches need it
};

Result<std::unique_ptr<RowReader>> open_rows(const std::shared_ptr<arrow::io::RandomAccessFile>& source,
                                             TableOptions options) {
  auto file = ORCFileReader::Open(source, arrow::default_memory_pool());
  EC_TRY(from_arrow(file.status(), "reading the ORC footer"));
  auto schema = (*file)->ReadSchema();
  EC_TRY(from_arrow(schema.status(), "reading the ORC schema"));
  EC_ASSIGN_OR_RETURN(const ColumnMap columns, map_table_columns(**schema));
  std::vector<std::string> names;
  for (const int index : columns.index) {
    if (index >= 0) names.push_back((*schema)->field(index)->name());
  }
  auto batches = (*file)->GetRecordBatchReader(kBatchRows, names);
  EC_TRY(from_arrow(batches.status(), "reading the ORC file"));
  EC_ASSIGN_OR_RETURN(const ColumnMap projected, map_table_columns(*(*batches)->schema()));
  return std::make_unique<OrcRows>(std::move(*file), std::move(*batches), projected, std::move(options));
}

}  // namespace

Result<std::unique_ptr<RowReader>> open_orc_rows(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                 TableOptions options) {
  const std::string uri = options.uri;
  try {
    return annotate(open_rows(file, std::move(options)), uri);
  } catch (const std::exception& error) {
    return fail(ErrorKind::kInvalidData, "{}: not a valid ORC file: {}", uri, error.what());
  }
}

}  // namespace earthcatalog::inventory
