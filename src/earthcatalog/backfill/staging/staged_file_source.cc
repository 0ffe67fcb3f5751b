#include "earthcatalog/backfill/staging/staged_file_source.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>
#include <vector>

#include "earthcatalog/ingest/item_rows.h"
#include "earthcatalog/stac/item_batch.h"
#include "earthcatalog/write/data_file_source.h"
#include "earthcatalog/write/row_filter.h"
#include "earthcatalog/write/row_pool.h"

namespace earthcatalog::backfill {
namespace {

// Found by name from now on: the ids of a part's later columns may be those of others in the table.
std::shared_ptr<arrow::RecordBatch> without_field_ids(const std::shared_ptr<arrow::RecordBatch>& rows) {
  arrow::FieldVector fields;
  for (const auto& field : rows->schema()->fields()) {
    auto type = field->type();
    if (type->id() == arrow::Type::STRUCT) {
      arrow::FieldVector members;
      for (const auto& member : type->fields()) members.push_back(member->RemoveMetadata());
      type = arrow::struct_(members);
    }
    fields.push_back(arrow::field(field->name(), type, field->nullable()));
  }
  arrow::ArrayVector columns;
  for (int i = 0; i < rows->num_columns(); ++i) {
    auto data = rows->column_data(i)->Copy();
    data->type = fields[static_cast<std::size_t>(i)]->type();
    columns.push_back(arrow::MakeArray(data));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows->num_rows(), std::move(columns));
}

class Stream final : public geoparquet::RowStream {
 public:
  Stream(const PartRows& part, std::shared_ptr<const stac::ItemSchema> items, iceberg::Schema schema)
      : part_(part), items_(std::move(items)), schema_(std::move(schema)) {}

  Status open(std::unique_ptr<geoparquet::FileReader> reader, std::int64_t batch_rows) {
    if (reader->rows() != part_.rows) {
      return fail(ErrorKind::kInvalidData, "{} has {} rows, and its chunk wrote {}", part_.uri, reader->rows(),
                  part_.rows);
    }
    std::vector<std::string> names;  // none: all
    if (part_.form != PartForm::kItems) {
      for (const auto& field : schema_.fields) names.push_back(field.name);
      for (const char* name : {"id", "collection"}) {
        if (!part_.dropped.empty() && schema_.find(name) == nullptr) names.emplace_back(name);
      }
    }
    reader_ = std::move(reader);
    rows_ = reader_->stream(names, batch_rows);
    return {};
  }

  Result<std::shared_ptr<arrow::RecordBatch>> next() override {
    for (;;) {
      EC_ASSIGN_OR_RETURN(auto rows, rows_->next());
      if (!rows) return nullptr;
      EC_ASSIGN_OR_RETURN(rows, annotate(take(std::move(rows)), part_.uri));
      if (rows->num_rows() > 0) return rows;
    }
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> take(std::shared_ptr<arrow::RecordBatch> rows) const {
    if (!part_.dropped.empty()) {
      EC_ASSIGN_OR_RETURN(const auto mask, write::rows_that_stay(*rows, part_.dropped));
      if (mask.dropped > 0) {
        EC_ASSIGN_OR_RETURN(rows, write::filter_rows(rows, mask));
      }
    }
    if (part_.form != PartForm::kSame) rows = without_field_ids(rows);
    if (part_.form == PartForm::kItems && rows->num_rows() > 0) {
      EC_ASSIGN_OR_RETURN(rows, reread_as_items(rows, items_));
    }
    return geoparquet::conform(rows, schema_);
  }

  const PartRows& part_;
  const std::shared_ptr<const stac::ItemSchema> items_;
  const iceberg::Schema schema_;
  std::unique_ptr<geoparquet::FileReader> reader_;
  std::unique_ptr<geoparquet::RowStream> rows_;  // goes before the reader does
};

}  // namespace

std::int64_t PartSource::bytes() const { return write::bytes_in_memory(part_.bytes); }

std::int64_t PartSource::stream_bytes() const { return write::bytes_of_stream(row_group_bytes_); }

Result<std::unique_ptr<geoparquet::FileReader>> PartSource::open() const {
  if (part_.content) {
    return geoparquet::FileReader::open(std::make_shared<arrow::io::BufferReader>(part_.content), part_.uri,
                                        write::row_pool());
  }
  return geoparquet::FileReader::open(stores_, part_.uri, part_.bytes, write::row_pool());
}

Result<std::unique_ptr<geoparquet::RowStream>> PartSource::read(const iceberg::Schema& schema,
                                                                std::int64_t batch_rows) {
  EC_ASSIGN_OR_RETURN(auto reader, open());
  row_group_bytes_ = reader->row_group_bytes();
  auto stream = std::make_unique<Stream>(part_, schema_, schema);
  EC_TRY(stream->open(std::move(reader), batch_rows));
  return stream;
}

Result<std::shared_ptr<arrow::RecordBatch>> reread_as_items(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                            const std::shared_ptr<const stac::ItemSchema>& schema) {
  stac::ItemBatch batch(schema);
  EC_TRY(ingest::read_items(rows, batch));
  EC_ASSIGN_OR_RETURN(const auto items, batch.finish(*schema));
  arrow::ArrayVector columns;
  int item_column = 0;
  for (const auto& column : schema->columns) {
    auto array = stac::is_row_column(column.name) ? rows->GetColumnByName(column.name) : items->column(item_column++);
    if (!array) return fail(ErrorKind::kInvalidData, "has no column {}", column.name);
    columns.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(stac::arrow_schema(*schema), rows->num_rows(), std::move(columns));
}

Result<stac::ObservedProperties> observe_part(storage::Stores& stores, const std::string& uri, std::int64_t bytes) {
  EC_ASSIGN_OR_RETURN(const auto reader, geoparquet::FileReader::open(stores, uri, bytes));
  const auto schema = std::make_shared<const stac::ItemSchema>(stac::initial_schema(stac::SchemaKind::kAuto));
  stac::ObservedProperties observed;
  for (int group = 0; group < reader->row_groups(); ++group) {
    EC_ASSIGN_OR_RETURN(const auto rows, reader->read_row_group(group, {}));
    stac::ItemBatch batch(schema);
    EC_TRY(annotate(ingest::read_items(rows, batch), uri));
    for (const auto& [name, kinds] : batch.observed()) observed[name].merge(kinds);
  }
  return observed;
}

}  // namespace earthcatalog::backfill
