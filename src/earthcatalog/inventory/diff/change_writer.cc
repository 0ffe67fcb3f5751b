#include "earthcatalog/inventory/diff/change_writer.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::inventory {
namespace {

constexpr std::int64_t kRowGroupRows = 128 << 10, kRowGroupBytes = 48 << 20;

// Names of S3 Inventory, which every reader of inventories knows. Removed objects are delete markers there too.
std::shared_ptr<arrow::Schema> change_schema() {
  return arrow::schema({arrow::field("bucket", arrow::utf8(), false), arrow::field("key", arrow::utf8(), false),
                        arrow::field("size", arrow::int64()),
                        arrow::field("last_modified_date", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                        arrow::field("e_tag", arrow::utf8()), arrow::field("is_delete_marker", arrow::boolean(), false),
                        arrow::field("change", arrow::utf8(), false)});
}

class ParquetChangeWriter final : public ChangeWriter {
 public:
  explicit ParquetChangeWriter(storage::Location where) : where_(std::move(where)) {}

  Status open() {
    EC_ASSIGN_OR_RETURN(stream_, where_.store->open_output(where_.key));
    parquet::WriterProperties::Builder properties;
    properties.compression(parquet::Compression::ZSTD)->version(parquet::ParquetVersion::PARQUET_2_6);
    for (const char* plain : {"key", "e_tag"}) properties.disable_dictionary(plain);
    auto file =
        parquet::arrow::FileWriter::Open(*change_schema(), arrow::default_memory_pool(), stream_, properties.build());
    EC_TRY(check(file.status()));
    file_ = std::move(file).ValueUnsafe();
    return {};
  }

  Status append(Change change, const extsort::SortedObject& object) override {
    EC_TRY(check(append_row(change, object)));
    const bool full =
        bucket_.length() >= kRowGroupRows ||
        bucket_.value_data_length() + key_.value_data_length() + etag_.value_data_length() > kRowGroupBytes;
    return full ? flush() : Status{};
  }

  Status finish() override {
    EC_TRY(flush());
    EC_TRY(check(file_->Close()));
    EC_TRY(check(stream_->Close()));
    return where_.store->make_durable();
  }

 private:
  Status check(const arrow::Status& status) const {
    if (status.ok()) return {};
    return std::unexpected(storage::from_arrow(status).annotate("writing " + where_.uri()));
  }

  arrow::Status append_row(Change change, const extsort::SortedObject& object) {
    ARROW_RETURN_NOT_OK(bucket_.Append(object.bucket()));
    ARROW_RETURN_NOT_OK(key_.Append(object.key()));
    ARROW_RETURN_NOT_OK(object.size_bytes ? size_.Append(*object.size_bytes) : size_.AppendNull());
    ARROW_RETURN_NOT_OK(object.last_modified ? time_.Append(*object.last_modified) : time_.AppendNull());
    ARROW_RETURN_NOT_OK(object.etag.empty() ? etag_.AppendNull() : etag_.Append(object.etag));
    ARROW_RETURN_NOT_OK(removed_.Append(change == Change::kRemoved));
    return change_.Append(to_string(change));
  }

  Status flush() {
    const std::int64_t rows = bucket_.length();
    if (rows == 0) return {};
    arrow::ArrayVector columns;
    for (arrow::ArrayBuilder* builder :
         std::initializer_list<arrow::ArrayBuilder*>{&bucket_, &key_, &size_, &time_, &etag_, &removed_, &change_}) {
      EC_TRY(check(builder->Finish(&columns.emplace_back())));
    }
    return check(file_->WriteTable(*arrow::Table::Make(change_schema(), columns, rows), rows));
  }

  const storage::Location where_;
  std::shared_ptr<arrow::io::OutputStream> stream_;
  std::unique_ptr<parquet::arrow::FileWriter> file_;
  arrow::StringBuilder bucket_, key_, etag_, change_;
  arrow::Int64Builder size_;
  arrow::TimestampBuilder time_{arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool()};
  arrow::BooleanBuilder removed_;
};

}  // namespace

std::string_view to_string(Change change) {
  constexpr std::string_view kNames[] = {"added", "changed", "removed"};
  return kNames[static_cast<std::size_t>(change)];
}

Result<std::unique_ptr<ChangeWriter>> ChangeWriter::create(const storage::Location& where) {
  auto writer = std::make_unique<ParquetChangeWriter>(where);
  EC_TRY(writer->open());
  return writer;
}

}  // namespace earthcatalog::inventory
