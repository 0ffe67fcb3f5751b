#include "earthcatalog/geoparquet/reader.h"

#include <arrow/buffer.h>
#include <arrow/io/caching.h>
#include <arrow/io/memory.h>
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
#include <string_view>
#include <unordered_set>
#include <utility>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/geoparquet/arrow_edge.h"

namespace earthcatalog::geoparquet {
namespace {

// Memory is reserved for the rows that a footer claims before any of them is read. No sane row group is as large.
constexpr std::int64_t kMaxRowGroupRows = std::int64_t{1} << 26;
// The end of a file, where Arrow looks for the footer: as much is read of any file, so a smaller one takes one request.
constexpr std::int64_t kSmallFileBytes = 64 << 10;

Status check_row_counts(const parquet::FileMetaData& metadata) {
  std::int64_t rows = 0;
  for (int i = 0; i < metadata.num_row_groups(); ++i) {
    const std::int64_t count = metadata.RowGroup(i)->num_rows();
    if (count < 0 || count > kMaxRowGroupRows) {
      return fail(ErrorKind::kInvalidData, "row group {} claims to have {} rows", i, count);
    }
    rows += count;
  }
  if (rows != metadata.num_rows()) {
    return fail(ErrorKind::kInvalidData, "the row groups have {} rows, the file {}", rows, metadata.num_rows());
  }
  return {};
}

using InputFile = std::shared_ptr<arrow::io::RandomAccessFile>;

Result<InputFile> read_whole(const storage::Location& where, std::int64_t size_bytes) {
  EC_ASSIGN_OR_RETURN(auto object, where.store->get(where.key));
  if (!object) return fail(ErrorKind::kNotFound, "it does not exist");
  if (std::ssize(object->bytes) != size_bytes) {
    return fail(ErrorKind::kInvalidData, "has {} bytes, not {}", object->bytes.size(), size_bytes);
  }
  return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(object->bytes)));
}

// Where a file lies decides how a row group is read. A far one: all that these columns need is asked for at once, and the
// thread counts as one that waits until it is there. A near one: Arrow reads it as it goes.
enum class Place { kNear, kFar };

void await_columns(parquet::arrow::FileReader& reader, Place place, int row_group, const std::vector<int>& leaves) {
  if (place == Place::kNear) return;
  auto& file = *reader.parquet_reader();
  file.PreBuffer({row_group}, leaves, arrow::io::default_io_context(), arrow::io::CacheOptions::Defaults());
  const Waiting waiting;
  file.WhenBuffered({row_group}, leaves).Wait();  // an error comes again when the columns are read
}

class FileRows final : public RowStream {
 public:
  FileRows(std::string uri, parquet::arrow::FileReader& reader, Place place, std::vector<int> leaves)
      : uri_(std::move(uri)), reader_(reader), place_(place), leaves_(std::move(leaves)) {}

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
        if (rows->num_rows() > 0) return rows;
      } else {
        group_.reset();
      }
    }
  }

  const std::string uri_;
  parquet::arrow::FileReader& reader_;
  const Place place_;
  const std::vector<int> leaves_;
  int next_group_ = 0;
  std::unique_ptr<arrow::RecordBatchReader> group_;
};

class ArrowFileReader final : public FileReader {
 public:
  ArrowFileReader(std::string uri, std::unique_ptr<parquet::arrow::FileReader> reader, Place place,
                  std::shared_ptr<arrow::Schema> schema)
      : uri_(std::move(uri)), reader_(std::move(reader)), place_(place), schema_(std::move(schema)) {}

  const std::string& name() const override { return uri_; }
  const parquet::FileMetaData& footer() const override { return *reader_->parquet_reader()->metadata(); }
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  std::int64_t rows() const override { return footer().num_rows(); }
  int row_groups() const override { return footer().num_row_groups(); }

  Result<std::shared_ptr<arrow::RecordBatch>> read_row_group(int row_group,
                                                             const std::vector<std::string>& columns) override {
    return name_object(guarded(ErrorKind::kInvalidData, [&] { return read(row_group, columns); }), "reading", uri_);
  }

  std::unique_ptr<RowStream> stream(const std::vector<std::string>& columns, std::int64_t batch_rows) override {
    reader_->set_batch_size(batch_rows);
    return std::make_unique<FileRows>(uri_, *reader_, place_, leaves_of(columns));
  }

  std::int64_t row_group_bytes() const override {
    std::int64_t most = 0;
    for (int i = 0; i < row_groups(); ++i) most = std::max(most, footer().RowGroup(i)->total_compressed_size());
    return most;
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> read(int row_group, const std::vector<std::string>& columns) {
    if (row_group < 0 || row_group >= row_groups()) {
      return fail(ErrorKind::kInvalidArgument, "there is no row group {}, only {}", row_group, row_groups());
    }
    const std::int64_t expected = footer().RowGroup(row_group)->num_rows();
    const std::vector<int> leaves = leaves_of(columns);
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

  std::vector<int> leaves_of(const std::vector<std::string>& columns) const {
    const parquet::SchemaDescriptor& leaves = *footer().schema();
    std::vector<int> found;
    const std::unordered_set<std::string_view> wanted(columns.begin(), columns.end());
    for (int i = 0; i < leaves.num_columns(); ++i) {
      if (wanted.empty() || wanted.contains(leaves.GetColumnRoot(i)->name())) found.push_back(i);
    }
    return found;
  }

  std::string uri_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  const Place place_;
  std::shared_ptr<arrow::Schema> schema_;
};

Result<std::unique_ptr<FileReader>> open_input(InputFile file, const std::string& name, Place place,
                                               arrow::MemoryPool* pool) {
  if (pool == nullptr) pool = arrow::default_memory_pool();
  const auto make = [&]() -> Result<std::unique_ptr<FileReader>> {
    auto parquet_reader = parquet::ParquetFileReader::Open(std::move(file), parquet::ReaderProperties(pool));
    EC_TRY(check_row_counts(*parquet_reader->metadata()));
    auto properties = parquet::default_arrow_reader_properties();
    properties.set_pre_buffer(place == Place::kNear);
    EC_ARROW_ASSIGN(auto reader, ErrorKind::kInvalidData,
                    parquet::arrow::FileReader::Make(pool, std::move(parquet_reader), properties));
    arrow::FieldVector columns;
    for (const auto& column : reader->manifest().schema_fields) columns.push_back(column.field);
    return std::make_unique<ArrowFileReader>(name, std::move(reader), place, arrow::schema(std::move(columns)));
  };
  return name_object(guarded(ErrorKind::kInvalidData, make), "reading", name);
}

}  // namespace

Result<std::unique_ptr<FileReader>> FileReader::open(const storage::Location& where,
                                                     std::optional<std::int64_t> size_bytes, arrow::MemoryPool* pool) {
  const bool is_small = size_bytes && *size_bytes <= kSmallFileBytes;
  const auto open_file = [&] {
    return is_small ? read_whole(where, *size_bytes) : where.store->open_input(where.key, size_bytes);
  };
  auto file = guarded(ErrorKind::kInvalidData, open_file);
  EC_TRY(name_object(file, "reading", where.uri()));
  const bool is_far = !is_small && where.store->capabilities().far;
  return open_input(*std::move(file), where.uri(), is_far ? Place::kFar : Place::kNear, pool);
}

Result<std::unique_ptr<FileReader>> FileReader::open(storage::Stores& stores, const std::string& uri,
                                                     std::optional<std::int64_t> size_bytes, arrow::MemoryPool* pool) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(uri));
  return open(where, size_bytes, pool);
}

Result<std::unique_ptr<FileReader>> FileReader::open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                     const std::string& name, arrow::MemoryPool* pool) {
  return open_input(std::move(file), name, Place::kNear, pool);
}

}  // namespace earthcatalog::geoparquet
