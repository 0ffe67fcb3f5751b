#include "earthcatalog/index/hash_index_file.h"

#include <arrow/api.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include <charconv>
#include <numeric>
#include <vector>

#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::index {
namespace {

constexpr const char* kColumn = "id_hash";
constexpr const char* kSnapshotKey = "earthcatalog.snapshot-id";
constexpr std::size_t kRowGroupRows = 1 << 20;
constexpr std::int64_t kBatchRows = 64 << 10;
constexpr std::string_view kRemedy = "make it anew with `index.build()`";

// Optional, as the other writer has it.
std::shared_ptr<arrow::Schema> hash_schema() {
  return arrow::schema({arrow::field(kColumn, arrow::fixed_size_binary(sizeof(Hash128)))});
}

Status check(const arrow::Status& status) {
  return status.ok() ? Status{} : std::unexpected(storage::from_arrow(status));
}

template <class T>
Result<T> check(arrow::Result<T> result) {
  EC_TRY(check(result.status()));
  return std::move(result).ValueUnsafe();
}

class ParquetReader final : public HashIndexReader {
 public:
  explicit ParquetReader(std::string uri) : uri_(std::move(uri)) {}

  Status open(std::shared_ptr<arrow::io::RandomAccessFile> input) {
    parquet::ReaderProperties properties;
    properties.enable_buffered_stream();
    parquet::arrow::FileReaderBuilder builder;
    if (const auto status = builder.Open(std::move(input), properties); !status.ok()) {
      return invalid(fmt::format("is no valid Parquet file: {}", status.message()));
    }
    parquet::ArrowReaderProperties batches(/*use_threads=*/false);
    batches.set_pre_buffer(false);
    batches.set_batch_size(kBatchRows);
    EC_ASSIGN_OR_RETURN(file_, check(builder.properties(batches)->Build()));
    std::shared_ptr<arrow::Schema> schema;
    EC_TRY(check(file_->GetSchema(&schema)));
    const int column = schema->GetFieldIndex(kColumn);
    if (column < 0) return invalid(fmt::format("has no column {}", kColumn));
    const auto& type = *schema->field(column)->type();
    if (!type.Equals(*arrow::fixed_size_binary(sizeof(Hash128)))) {
      return invalid(fmt::format("has a column {} of {}, not fixed_size_binary[16]", kColumn, type.ToString()));
    }
    std::vector<int> groups(static_cast<std::size_t>(file_->num_row_groups()));
    std::iota(groups.begin(), groups.end(), 0);
    const int leaf = file_->parquet_reader()->metadata()->schema()->ColumnIndex(kColumn);
    EC_ASSIGN_OR_RETURN(batches_, check(file_->GetRecordBatchReader(groups, {leaf})));
    return {};
  }

  Result<std::span<const Hash128>> next() override {
    do {
      if (const auto status = batches_->ReadNext(&batch_); !status.ok()) {
        return std::unexpected(storage::from_arrow(status).annotate("reading " + uri_));
      }
    } while (batch_ && batch_->num_rows() == 0);
    if (!batch_) return std::span<const Hash128>();
    const auto& array = static_cast<const arrow::FixedSizeBinaryArray&>(*batch_->column(0));
    if (array.null_count() > 0) return std::unexpected(invalid("has null hashes").error());
    const std::span hashes(reinterpret_cast<const Hash128*>(array.raw_values()),
                           static_cast<std::size_t>(array.length()));
    EC_TRY(check_order(hashes));
    return hashes;
  }

  std::int64_t rows() const override { return file_->parquet_reader()->metadata()->num_rows(); }
  std::int64_t doubled() const override { return doubled_; }

  std::optional<std::int64_t> snapshot_id() const override {
    const auto& metadata = file_->parquet_reader()->metadata()->key_value_metadata();
    const auto text = metadata ? metadata->Get(kSnapshotKey) : arrow::Result<std::string>(arrow::Status::KeyError(""));
    std::int64_t id = 0;
    if (!text.ok() || std::from_chars(text->data(), text->data() + text->size(), id).ec != std::errc()) return {};
    return id;
  }

 private:
  Status check_order(std::span<const Hash128> hashes) {
    for (const Hash128& hash : hashes) {
      const auto number = extsort::number_of(hash);
      if (read_ > 0 && number <= last_) {
        if (number < last_) return invalid(fmt::format("is not sorted: row {} is below the one before it", read_ + 1));
        ++doubled_;
      }
      last_ = number;
      ++read_;
    }
    return {};
  }

  Status invalid(const std::string& what) const {
    return fail(ErrorKind::kInvalidData, "the hash index {} {}; {}", uri_, what, kRemedy);
  }

  const std::string uri_;
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::int64_t read_ = 0, doubled_ = 0;
  unsigned __int128 last_ = 0;
};

class ParquetWriter final : public HashIndexWriter {
 public:
  Status open(const storage::Location& where, storage::ReplacingOptions replace,
              std::optional<std::int64_t> snapshot_id) {
    stream_ = storage::open_replacing(where, std::move(replace));
    // Hashes do not shrink. The codec is what readers expect; a negative level does not even try.
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(parquet::Compression::ZSTD)
                                ->compression_level(-10)
                                ->disable_dictionary()
                                ->max_row_group_length(kRowGroupRows)
                                ->build();
    EC_ASSIGN_OR_RETURN(file_, check(parquet::arrow::FileWriter::Open(*hash_schema(), arrow::default_memory_pool(),
                                                                      stream_, properties)));
    if (!snapshot_id) return {};
    return check(file_->AddKeyValueMetadata(arrow::key_value_metadata({kSnapshotKey}, {std::to_string(*snapshot_id)})));
  }

  Status append(const Hash128& hash) override {
    group_.push_back(hash);
    return group_.size() < kRowGroupRows ? Status{} : flush();
  }

  Status finish() override {
    EC_TRY(flush());
    EC_TRY(check(file_->Close()));
    return check(stream_->Close());
  }

 private:
  Status flush() {
    if (group_.empty()) return {};
    const auto rows = static_cast<std::int64_t>(group_.size());
    const auto array = std::make_shared<arrow::FixedSizeBinaryArray>(hash_schema()->field(0)->type(), rows,
                                                                     arrow::Buffer::Wrap(group_));
    EC_TRY(check(file_->WriteTable(*arrow::Table::Make(hash_schema(), arrow::ArrayVector{array}, rows), rows)));
    group_.clear();
    return {};
  }

  std::shared_ptr<arrow::io::OutputStream> stream_;
  std::unique_ptr<parquet::arrow::FileWriter> file_;
  std::vector<Hash128> group_;
};

}  // namespace

Result<std::unique_ptr<HashIndexReader>> HashIndexReader::open(const storage::Location& where) {
  auto input = where.store->open_input(where.key);
  if (!input && input.error().kind == ErrorKind::kNotFound) {
    return fail(ErrorKind::kNotFound, "there is no hash index {}; {}", where.uri(), kRemedy);
  }
  if (!input) return std::unexpected(std::move(input).error());
  auto reader = std::make_unique<ParquetReader>(where.uri());
  EC_TRY(reader->open(*std::move(input)));
  return reader;
}

Result<std::unique_ptr<HashIndexWriter>> HashIndexWriter::create(const storage::Location& where,
                                                                 storage::ReplacingOptions replace,
                                                                 std::optional<std::int64_t> snapshot_id) {
  auto writer = std::make_unique<ParquetWriter>();
  EC_TRY(annotate(writer->open(where, std::move(replace), snapshot_id), fmt::format("writing {}", where.uri())));
  return writer;
}

}  // namespace earthcatalog::index
