#include <arrow/builder.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "earthcatalog/index/index_run_file.h"
#include "earthcatalog/index/index_run_schema.h"

namespace earthcatalog::index {
namespace {

class ParquetRunWriter final : public RunWriter {
 public:
  ParquetRunWriter(storage::Location where, std::int64_t row_group_rows)
      : where_(std::move(where)), row_group_rows_(row_group_rows) {}

  Status open(storage::Existing existing) {
    EC_ASSIGN_OR_RETURN(stream_, where_.store->open_output(where_.key, existing));
    parquet::WriterProperties::Builder properties;
    properties.compression(parquet::Compression::ZSTD)->version(parquet::ParquetVersion::PARQUET_2_6);
    for (const char* plain : {"object_hash", "identity_hash", "name", "etag"}) properties.disable_dictionary(plain);
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().build();
    EC_ASSIGN_ARROW(writer_, parquet::arrow::FileWriter::Open(*run_schema(), arrow::default_memory_pool(), stream_,
                                                              properties.build(), arrow_properties));
    return {};
  }

  Status append(const RunEntry& entry) override {
    EC_TRY_ARROW(append_row(entry.entry, entry.forgotten));
    ++info_.entries;
    return object_.length() < row_group_rows_ ? Status{} : flush();
  }

  Result<RunInfo> finish() override {
    EC_TRY(flush());
    EC_TRY_ARROW(writer_->Close());
    EC_ASSIGN_ARROW(info_.size_bytes, stream_->Tell());
    EC_TRY_ARROW(stream_->Close());
    info_.uri = where_.uri();
    return info_;
  }

 private:
  arrow::Status append_row(const ObjectEntry& entry, bool forgotten) {
    const RunState state = forgotten ? kForgotten : entry.owns_rows() ? kOwner : kSuperseded;
    ARROW_RETURN_NOT_OK(object_.Append(entry.object.bytes.data()));
    ARROW_RETURN_NOT_OK(identity_.Append(entry.identity.bytes.data()));
    ARROW_RETURN_NOT_OK(state_.Append(state));
    ARROW_RETURN_NOT_OK(entry.etag.empty() ? etag_.AppendNull() : etag_.Append(entry.etag));
    ARROW_RETURN_NOT_OK(last_modified_.AppendOrNull(entry.last_modified));
    ARROW_RETURN_NOT_OK(size_.AppendOrNull(entry.size_bytes));
    ARROW_RETURN_NOT_OK(updated_.AppendOrNull(entry.updated));
    ARROW_RETURN_NOT_OK(year_.AppendOrNull(entry.year));
    ARROW_RETURN_NOT_OK(cells_.Append());
    for (const auto& cell : entry.cells) ARROW_RETURN_NOT_OK(cell_->Append(cell));
    return entry.name.empty() ? name_.AppendNull() : name_.Append(entry.name);
  }

  Status flush() {
    if (object_.length() == 0) return {};
    const std::int64_t rows = object_.length();
    arrow::ArrayVector columns(kRunColumns);
    arrow::ArrayBuilder* const builders[kRunColumns] = {&object_, &identity_, &state_, &etag_,  &last_modified_,
                                                        &size_,   &updated_,  &year_,  &cells_, &name_};
    for (int i = 0; i < kRunColumns; ++i) EC_TRY_ARROW(builders[i]->Finish(&columns[static_cast<std::size_t>(i)]));
    const auto table = arrow::Table::Make(run_schema(), columns, rows);
    EC_TRY_ARROW(writer_->WriteTable(*table, rows));
    return {};
  }

  template <class Base>
  struct Optional : Base {
    using Base::Base;
    template <class T>
    arrow::Status AppendOrNull(const std::optional<T>& value) {
      return value ? this->Append(*value) : this->AppendNull();
    }
  };

  const storage::Location where_;
  const std::int64_t row_group_rows_;
  RunInfo info_;
  std::shared_ptr<arrow::io::OutputStream> stream_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;

  arrow::MemoryPool* const pool_ = arrow::default_memory_pool();
  const std::shared_ptr<arrow::DataType> time_ = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::FixedSizeBinaryBuilder object_{arrow::fixed_size_binary(16), pool_};
  arrow::FixedSizeBinaryBuilder identity_{arrow::fixed_size_binary(16), pool_};
  arrow::Int32Builder state_{pool_};
  arrow::StringBuilder etag_{pool_};
  Optional<arrow::TimestampBuilder> last_modified_{time_, pool_};
  Optional<arrow::Int64Builder> size_{pool_};
  Optional<arrow::TimestampBuilder> updated_{time_, pool_};
  Optional<arrow::Int32Builder> year_{pool_};
  std::shared_ptr<arrow::StringBuilder> cell_ = std::make_shared<arrow::StringBuilder>(pool_);
  arrow::ListBuilder cells_{pool_, cell_, run_schema()->field(kCellsColumn)->type()};
  arrow::StringBuilder name_{pool_};
};

}  // namespace

Result<std::unique_ptr<RunWriter>> RunWriter::create(const storage::Location& where, std::int64_t row_group_rows,
                                                     storage::Existing existing) {
  auto writer = std::make_unique<ParquetRunWriter>(where, row_group_rows);
  EC_TRY(annotate(writer->open(existing), fmt::format("writing {}", where.uri())));
  return writer;
}

}  // namespace earthcatalog::index
