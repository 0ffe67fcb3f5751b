#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/column_writer.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <utility>

#include "earthcatalog/geoparquet/arrow_edge.h"
#include "earthcatalog/geoparquet/column_metrics.h"
#include "earthcatalog/geoparquet/geo_metadata.h"
#include "earthcatalog/geoparquet/wkb.h"
#include "earthcatalog/geoparquet/writer_impl.h"

namespace earthcatalog::geoparquet {
namespace {

// Bytes that a row of ITS_LIVE takes in a file, the footer of a small one aside.
constexpr std::int64_t kExpectedRowBytes = 512;
// More names that are taken, one after the other, are no clash but a mistake.
constexpr int kMostPlaces = 10'000;

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

}  // namespace

class FileStream::Impl {
 public:
  Impl(const FileWriter::Impl& kind, NextPlace next, std::int64_t rows)
      : kind_(kind), next_(std::move(next)), rows_(rows) {}

  Status open();
  Status append(const std::shared_ptr<arrow::RecordBatch>& batch);
  Result<iceberg::DataFile> finish();

  // Runs `body` as one step of the writing of this file: its errors name it.
  template <class Body>
  auto step(Body&& body) const -> decltype(body()) {
    auto result = guarded(ErrorKind::kInvalidArgument, std::forward<Body>(body));  // may take another place
    return name_object(std::move(result), "writing", where_.store ? where_.uri() : "a data file");
  }

  iceberg::DataFile file;

 private:
  Status move_on();
  Status open_sink();
  Status put();
  Status add_geometries(const arrow::RecordBatch& batch);
  Status write_row_group();
  Status write_column(parquet::ColumnWriter& column, std::size_t leaf, parquet::ArrowWriteContext& context);
  std::shared_ptr<const arrow::KeyValueMetadata> footer() const;

  const FileWriter::Impl& kind_;
  const NextPlace next_;
  storage::Location where_{};
  int places_ = 0;                                              // that were tried
  const std::int64_t rows_;                                     // announced
  std::shared_ptr<arrow::io::BufferOutputStream> buffer_;       // of a file of one row group, which is put at once
  std::shared_ptr<arrow::io::OutputStream> sink_;               // that, or the store's stream
  std::unique_ptr<parquet::ParquetFileWriter> writer_;          // goes before the sink does
  std::vector<std::shared_ptr<arrow::RecordBatch>> row_group_;  // not written yet
  std::int64_t row_group_rows_ = 0;
  GeometrySummary geometries_;
  std::vector<ColumnMetrics> metrics_;  // one a leaf
  std::vector<std::int16_t> levels_;
};

// To the first place, and from one that is taken to the next.
Status FileStream::Impl::move_on() {
  if (++places_ > kMostPlaces) {
    return fail(ErrorKind::kAlreadyExists, "{} and the {} names before it are taken", where_.uri(), kMostPlaces - 1);
  }
  EC_ASSIGN_OR_RETURN(where_, next_());
  file.file_path = where_.uri();
  return {};
}

Status FileStream::Impl::open_sink() {
  while (true) {
    auto sink = where_.store->open_output(where_.key, storage::Existing::kRefuse);
    if (sink) {
      sink_ = std::move(*sink);
      return {};
    }
    if (sink.error().kind != ErrorKind::kAlreadyExists) return std::unexpected(std::move(sink).error());
    EC_TRY(move_on());
  }
}

Status FileStream::Impl::put() {
  EC_ARROW_ASSIGN(const auto bytes, ErrorKind::kIOError, buffer_->Finish());
  writer_.reset();
  // Arrow's pool keeps for each thread what it has freed. Many threads wait for a far store, each with megabytes.
  if (where_.store->capabilities().far) arrow::default_memory_pool()->ReleaseUnused();
  while (true) {
    EC_ASSIGN_OR_RETURN(const auto put,
                        where_.store->put(where_.key, std::string_view(*bytes), storage::Existing::kRefuse));
    if (put.stored) return {};
    EC_TRY(move_on());
  }
}

Status FileStream::Impl::open() {
  EC_TRY(move_on());
  const std::int64_t limit = kind_.options.row_group_rows * kind_.options.max_row_groups;
  if (rows_ <= 0) return fail(ErrorKind::kInvalidArgument, "there are no rows to write");
  if (rows_ > limit) return fail(ErrorKind::kInvalidArgument, "{} rows, and a file holds {}", rows_, limit);
  if (rows_ > kind_.options.row_group_rows) {
    EC_TRY(open_sink());
  } else {
    // Bytes that wait for a far store lie in malloc's heap: in that of Arrow's pool they keep all pages of their
    // thread.
    auto* const pool = where_.store->capabilities().far ? arrow::system_memory_pool() : arrow::default_memory_pool();
    EC_ARROW_ASSIGN(buffer_, ErrorKind::kIOError,
                    arrow::io::BufferOutputStream::Create(rows_ * kExpectedRowBytes, pool));
    sink_ = buffer_;
  }
  writer_ = parquet::ParquetFileWriter::Open(sink_, kind_.layout.root, kind_.properties.of(rows_));
  metrics_.reserve(kind_.layout.leaves.size());
  for (const Leaf& leaf : kind_.layout.leaves) metrics_.emplace_back(leaf);
  return {};
}

Status FileStream::Impl::append(const std::shared_ptr<arrow::RecordBatch>& batch) {
  EC_TRY(check_batch(*batch, *kind_.layout.rows));
  EC_TRY(add_geometries(*batch));
  file.record_count += batch->num_rows();
  if (file.record_count > rows_) {
    return fail(ErrorKind::kInvalidArgument, "{} rows or more, and {} were announced", file.record_count, rows_);
  }
  for (std::int64_t offset = 0; offset < batch->num_rows();) {
    const std::int64_t room = kind_.options.row_group_rows - row_group_rows_;
    const std::int64_t length = std::min(room, batch->num_rows() - offset);
    row_group_.push_back(length == batch->num_rows() ? batch : batch->Slice(offset, length));
    row_group_rows_ += length;
    offset += length;
    if (length == room) EC_TRY(write_row_group());
  }
  return {};
}

Status FileStream::Impl::add_geometries(const arrow::RecordBatch& batch) {
  if (kind_.layout.geometry < 0) return {};
  const auto& geometries = static_cast<const arrow::BinaryArray&>(*batch.column(kind_.layout.geometry));
  for (std::int64_t i = 0; i < geometries.length(); ++i) {
    if (!geometries.IsNull(i) && !geometries_.add(geometries.GetView(i))) {
      return fail(ErrorKind::kInvalidArgument, "row {}: the geometry is no well-formed WKB", file.record_count + i);
    }
  }
  return {};
}

Status FileStream::Impl::write_row_group() {
  EC_ARROW_ASSIGN(const std::int64_t offset, ErrorKind::kIOError, sink_->Tell());
  file.split_offsets.push_back(offset);
  const auto arrow_properties = parquet::default_arrow_writer_properties();
  parquet::ArrowWriteContext context(arrow::default_memory_pool(), arrow_properties.get());
  parquet::RowGroupWriter& group = *writer_->AppendRowGroup();
  for (std::size_t leaf = 0; leaf < metrics_.size(); ++leaf) EC_TRY(write_column(*group.NextColumn(), leaf, context));
  group.Close();
  row_group_.clear();
  row_group_rows_ = 0;
  return {};
}

Status FileStream::Impl::write_column(parquet::ColumnWriter& column, std::size_t number,
                                      parquet::ArrowWriteContext& context) {
  const Leaf& leaf = kind_.layout.leaves[number];
  for (const auto& batch : row_group_) {
    const LeafArrays arrays = leaf_arrays(*batch, leaf);
    definition_levels(leaf, arrays, levels_);
    EC_ARROW_TRY(ErrorKind::kInvalidArgument, column.WriteArrow(levels_.data(), nullptr, arrays.values->length(),
                                                                *arrays.values, &context, leaf.nullable));
    metrics_[number].add(*arrays.values, arrays.parent.get());
  }
  column.Close();
  file.column_sizes[leaf.field_id] += column.total_compressed_bytes_written();
  return {};
}

std::shared_ptr<const arrow::KeyValueMetadata> FileStream::Impl::footer() const {
  if (kind_.layout.geometry < 0) return arrow::key_value_metadata({}, {});
  const bool covering = kind_.options.covering && kind_.layout.has_bbox_column && geometries_.count > 0;
  return arrow::key_value_metadata({"geo"}, {geo_metadata(geometries_, covering ? "geometry_bbox" : "")});
}

Result<iceberg::DataFile> FileStream::Impl::finish() {
  if (file.record_count < rows_) {
    return fail(ErrorKind::kInvalidArgument, "{} rows, and {} were announced", file.record_count, rows_);
  }
  if (row_group_rows_ > 0) EC_TRY(write_row_group());
  writer_->AddKeyValueMetadata(footer());
  writer_->Close();
  for (const auto& metrics : metrics_) metrics.describe(file);
  EC_ARROW_ASSIGN(file.file_size_in_bytes, ErrorKind::kIOError, sink_->Tell());
  if (buffer_) {
    EC_TRY(put());
  } else {
    EC_ARROW_TRY(ErrorKind::kIOError, sink_->Close());
  }
  return std::move(file);
}

FileStream::FileStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileStream::FileStream(FileStream&&) noexcept = default;
FileStream& FileStream::operator=(FileStream&&) noexcept = default;
FileStream::~FileStream() = default;

Status FileStream::append(const std::shared_ptr<arrow::RecordBatch>& batch) {
  return impl_->step([&] { return impl_->append(batch); });
}

Result<iceberg::DataFile> FileStream::finish() {
  return impl_->step([&] { return impl_->finish(); });
}

Result<FileStream> FileWriter::open(NextPlace next, const iceberg::PartitionKey& partition, std::int64_t rows) const {
  auto stream = std::make_unique<FileStream::Impl>(*impl_, std::move(next), rows);
  EC_TRY(stream->step([&] { return stream->open(); }));
  stream->file.partition = partition;
  return FileStream(std::move(stream));
}

}  // namespace earthcatalog::geoparquet
