#include "earthcatalog/geoparquet/reader.h"

#include <arrow/io/caching.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/future.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/geoparquet/arrow_edge.h"
#include "earthcatalog/geoparquet/columns_internal.h"
#include "earthcatalog/geoparquet/deleted_rows_internal.h"
#include "earthcatalog/geoparquet/open_file_internal.h"
#include "earthcatalog/geoparquet/position_deletes.h"

namespace earthcatalog::geoparquet {
namespace {

void await_columns(parquet::arrow::FileReader& reader, Place place, int row_group, const std::vector<int>& leaves) {
  if (place == Place::kNear) return;
  auto& file = *reader.parquet_reader();
  file.PreBuffer({row_group}, leaves, arrow::io::default_io_context(), arrow::io::CacheOptions::Defaults());
  const Waiting waiting;
  file.WhenBuffered({row_group}, leaves).Wait();  // an error comes again when the columns are read
}

using Batch = std::shared_ptr<arrow::RecordBatch>;
// Turns rows as they lie in the file into those that the caller wants.
using Finish = std::function<Result<Batch>(const arrow::RecordBatch&)>;

class FileRows final : public RowStream {
 public:
  FileRows(std::string uri, parquet::arrow::FileReader& reader, Place place, const DeletedRows& deleted,
           std::vector<int> leaves, Finish finish)
      : uri_(std::move(uri)),
        reader_(reader),
        place_(place),
        deleted_(deleted),
        leaves_(std::move(leaves)),
        finish_(std::move(finish)) {}

  Result<std::shared_ptr<arrow::RecordBatch>> next() override {
    return name_object(guarded(ErrorKind::kInvalidData, [&] { return read(); }), "reading", uri_);
  }

 private:
  // Row group by row group: a reader of several would fetch all of them before the first row.
  Result<std::shared_ptr<arrow::RecordBatch>> read() {
    for (;;) {
      if (!group_) {
        if (next_group_ == reader_.num_row_groups()) return nullptr;
        await_columns(reader_, place_, next_group_, leaves_);
        EC_ARROW_ASSIGN(group_, ErrorKind::kInvalidData, reader_.GetRecordBatchReader({next_group_++}, leaves_));
      }
      std::shared_ptr<arrow::RecordBatch> rows;
      EC_ARROW_TRY(ErrorKind::kInvalidData, group_->ReadNext(&rows));
      if (rows) {
        EC_ARROW_TRY(ErrorKind::kInvalidData, rows->Validate());
        const std::int64_t first = std::exchange(next_row_, next_row_ + rows->num_rows());
        EC_ASSIGN_OR_RETURN(const auto left, deleted_.filter(std::move(rows), first));
        if (left->num_rows() > 0) return finish_(*left);
      } else {
        group_.reset();
      }
    }
  }

  const std::string uri_;
  parquet::arrow::FileReader& reader_;
  const Place place_;
  const DeletedRows& deleted_;
  const std::vector<int> leaves_;
  const Finish finish_;
  std::int64_t next_row_ = 0;
  int next_group_ = 0;
  std::unique_ptr<arrow::RecordBatchReader> group_;
};

class ArrowFileReader final : public FileReader {
 public:
  ArrowFileReader(std::string uri, std::unique_ptr<parquet::arrow::FileReader> reader, Place place,
                  std::int64_t footer_bytes, std::vector<std::int64_t> deleted)
      : uri_(std::move(uri)),
        reader_(std::move(reader)),
        place_(place),
        footer_bytes_(footer_bytes),
        schema_(columns_of(*reader_)),
        deleted_(std::move(deleted)),
        finder_(*schema_, ColumnFinder::Names::kMapped) {}

  const std::string& name() const override { return uri_; }
  const parquet::FileMetaData& footer() const override { return *reader_->parquet_reader()->metadata(); }
  std::int64_t footer_bytes() const override { return footer_bytes_; }
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  std::int64_t rows() const override { return footer().num_rows(); }
  std::int64_t live_rows() const override { return rows() - deleted_.below(rows()); }
  int row_groups() const override { return footer().num_row_groups(); }

  Result<Batch> read_rows(int row_group, const iceberg::Schema& schema) override {
    return finished(row_group, leaves_of(schema),
                    [&](const arrow::RecordBatch& rows) { return conform_file(rows, schema, finder_); });
  }

  std::unique_ptr<RowStream> stream_rows(const iceberg::Schema& schema, std::int64_t batch_rows) override {
    reader_->set_batch_size(batch_rows);
    return std::make_unique<FileRows>(
        uri_, *reader_, place_, deleted_, leaves_of(schema),
        [schema, finder = finder_](const arrow::RecordBatch& rows) { return conform_file(rows, schema, finder); });
  }

  Result<Batch> read_row_group(int row_group, const std::vector<std::string>& columns) override {
    return finished(row_group, leaves_of(columns), [this](const auto& rows) { return named(rows); });
  }

  std::unique_ptr<RowStream> stream(const std::vector<std::string>& columns, std::int64_t batch_rows) override {
    reader_->set_batch_size(batch_rows);
    return std::make_unique<FileRows>(uri_, *reader_, place_, deleted_, leaves_of(columns),
                                      [this](const auto& rows) { return named(rows); });
  }

  std::int64_t row_group_bytes() const override {
    std::int64_t most = 0;
    for (int i = 0; i < row_groups(); ++i) most = std::max(most, footer().RowGroup(i)->total_compressed_size());
    return most;
  }

 private:
  Result<Batch> finished(int row_group, const std::vector<int>& leaves, const Finish& finish) {
    const auto read_and_finish = [&]() -> Result<Batch> {
      EC_ASSIGN_OR_RETURN(auto rows, read(row_group, leaves));
      EC_ASSIGN_OR_RETURN(rows, deleted_.filter(std::move(rows), first_row_of(row_group)));
      return finish(*rows);
    };
    return name_object(guarded(ErrorKind::kInvalidData, read_and_finish), "reading", uri_);
  }

  Result<Batch> read(int row_group, const std::vector<int>& leaves) {
    if (row_group < 0 || row_group >= row_groups()) {
      return fail(ErrorKind::kInvalidArgument, "there is no row group {}, only {}", row_group, row_groups());
    }
    const std::int64_t expected = footer().RowGroup(row_group)->num_rows();
    if (leaves.empty()) return arrow::RecordBatch::Make(arrow::schema({}), expected, arrow::ArrayVector{});
    await_columns(*reader_, place_, row_group, leaves);
    EC_ARROW_ASSIGN(const std::shared_ptr<arrow::Table> table, ErrorKind::kInvalidData,
                    reader_->ReadRowGroup(row_group, leaves));
    EC_ARROW_ASSIGN(std::shared_ptr<arrow::RecordBatch> rows, ErrorKind::kInvalidData, table->CombineChunksToBatch());
    if (rows->num_rows() != expected) {
      return fail(ErrorKind::kInvalidData, "row group {} has {} rows, not {}", row_group, rows->num_rows(), expected);
    }
    EC_ARROW_TRY(ErrorKind::kInvalidData, rows->Validate());
    return rows;
  }

  std::int64_t first_row_of(int row_group) const {
    std::int64_t first = 0;
    for (int i = 0; i < row_group; ++i) first += footer().RowGroup(i)->num_rows();
    return first;
  }

  std::vector<int> leaves_of(const std::vector<std::string>& columns) const {
    const std::unordered_set<std::string_view> wanted(columns.begin(), columns.end());
    std::vector<int> fields;
    for (int i = 0; i < schema_->num_fields(); ++i) {
      if (wanted.empty() || wanted.contains(schema_->field(i)->name())) fields.push_back(i);
    }
    return leaves_below(fields);
  }

  std::vector<int> leaves_of(const iceberg::Schema& schema) const {
    std::vector<int> fields;
    for (std::size_t i = 0; i < schema.fields.size(); ++i) {
      if (const int at = finder_.find(schema_->fields(), schema.fields[i], i); at >= 0) fields.push_back(at);
    }
    return leaves_below(fields);
  }

  // In the file's order.
  std::vector<int> leaves_below(const std::vector<int>& fields) const {
    const parquet::SchemaDescriptor& leaves = *footer().schema();
    std::unordered_set<const parquet::schema::Node*> roots;
    for (const int at : fields) roots.insert(leaves.group_node()->field(at).get());
    std::vector<int> found;
    for (int i = 0; i < leaves.num_columns(); ++i) {
      if (roots.contains(leaves.GetColumnRoot(i))) found.push_back(i);
    }
    return found;
  }

  // With the names of schema(), which are in the order of the file as well.
  Result<Batch> named(const arrow::RecordBatch& rows) const {
    arrow::FieldVector fields;
    int at = 0;
    for (const auto& field : rows.schema()->fields()) {
      while (reader_->manifest().schema_fields[static_cast<std::size_t>(at)].field->name() != field->name()) ++at;
      fields.push_back(field->WithName(schema_->field(at++)->name()));
    }
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields), rows.schema()->metadata()), rows.num_rows(),
                                    rows.columns());
  }

  std::string uri_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  const Place place_;
  const std::int64_t footer_bytes_;
  const std::shared_ptr<arrow::Schema> schema_;
  const DeletedRows deleted_;
  const ColumnFinder finder_;
};

Result<std::unique_ptr<FileReader>> make_reader(OpenedFile file, const std::string& name, arrow::MemoryPool* pool,
                                                std::vector<std::int64_t> deleted) {
  if (pool == nullptr) pool = arrow::default_memory_pool();
  const auto make = [&]() -> Result<std::unique_ptr<FileReader>> {
    EC_ASSIGN_OR_RETURN(Footer footer, read_footer(file.bytes, pool));
    auto parquet_reader = parquet::ParquetFileReader::Open(std::move(file.bytes), parquet::ReaderProperties(pool),
                                                           std::move(footer.metadata));
    auto properties = parquet::default_arrow_reader_properties();
    properties.set_pre_buffer(file.place == Place::kNear);
    EC_ARROW_ASSIGN(auto reader, ErrorKind::kInvalidData,
                    parquet::arrow::FileReader::Make(pool, std::move(parquet_reader), properties));
    return std::make_unique<ArrowFileReader>(name, std::move(reader), file.place, footer.size_bytes,
                                             std::move(deleted));
  };
  return name_object(guarded(ErrorKind::kInvalidData, make), "reading", name);
}

}  // namespace

Result<std::unique_ptr<FileReader>> FileReader::open(const storage::Location& where,
                                                     std::optional<std::int64_t> size_bytes, arrow::MemoryPool* pool) {
  EC_ASSIGN_OR_RETURN(auto opened, open_file(where, size_bytes));
  return make_reader(std::move(opened), where.uri(), pool, {});
}

Result<std::unique_ptr<FileReader>> FileReader::open(storage::Stores& stores, const iceberg::DataFile& file,
                                                     arrow::MemoryPool* pool) {
  EC_ASSIGN_OR_RETURN(auto deleted, deleted_rows(stores, file));
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(file.file_path));
  EC_ASSIGN_OR_RETURN(auto opened, open_file(where, file.file_size_in_bytes));
  return make_reader(std::move(opened), where.uri(), pool, std::move(deleted));
}

Result<std::unique_ptr<FileReader>> FileReader::open(storage::Stores& stores, const std::string& uri,
                                                     std::optional<std::int64_t> size_bytes, arrow::MemoryPool* pool) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(uri));
  return open(where, size_bytes, pool);
}

Result<std::unique_ptr<FileReader>> FileReader::open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                     const std::string& name, arrow::MemoryPool* pool) {
  return make_reader({.bytes = std::move(file), .place = Place::kNear}, name, pool, {});
}

}  // namespace earthcatalog::geoparquet
