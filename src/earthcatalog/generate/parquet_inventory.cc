#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/builder_time.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <nettle/md5.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <array>
#include <nlohmann/json.hpp>

#include "earthcatalog/generate/inventory_writer.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::generate {
namespace {

using Stream = std::shared_ptr<arrow::io::OutputStream>;

constexpr std::int64_t kRowGroupRows = 250'000;

Status from_arrow(const arrow::Status& status, const std::string& uri) {
  if (status.ok()) return {};
  return std::unexpected(storage::from_arrow(status).annotate("writing " + uri));
}

std::shared_ptr<arrow::Schema> inventory_schema() {
  return arrow::schema({arrow::field("bucket", arrow::utf8()), arrow::field("key", arrow::utf8()),
                        arrow::field("size", arrow::int64()),
                        arrow::field("last_modified_date", arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"))});
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> to_batch(const std::vector<InventoryRow>& rows,
                                                            const std::string& bucket) {
  const auto schema = inventory_schema();
  arrow::StringBuilder buckets, keys;
  arrow::Int64Builder sizes;
  arrow::TimestampBuilder times(schema->field(3)->type(), arrow::default_memory_pool());
  for (const InventoryRow& row : rows) {
    ARROW_RETURN_NOT_OK(buckets.Append(bucket));
    ARROW_RETURN_NOT_OK(keys.Append(row.key));
    ARROW_RETURN_NOT_OK(sizes.Append(row.size_bytes));
    ARROW_RETURN_NOT_OK(times.Append(row.last_modified / 1000));
  }
  arrow::ArrayVector columns(4);
  ARROW_ASSIGN_OR_RAISE(columns[0], buckets.Finish());
  ARROW_ASSIGN_OR_RAISE(columns[1], keys.Finish());
  ARROW_ASSIGN_OR_RAISE(columns[2], sizes.Finish());
  ARROW_ASSIGN_OR_RAISE(columns[3], times.Finish());
  return arrow::RecordBatch::Make(schema, static_cast<std::int64_t>(rows.size()), columns);
}

arrow::Result<std::unique_ptr<parquet::arrow::FileWriter>> open_parquet(Stream out) {
  const auto properties = parquet::WriterProperties::Builder()
                              .compression(arrow::Compression::ZSTD)
                              ->max_row_group_length(kRowGroupRows)
                              ->build();
  return parquet::arrow::FileWriter::Open(*inventory_schema(), arrow::default_memory_pool(), std::move(out),
                                          properties);
}

class ParquetWriter final : public InventoryWriter {
 public:
  ParquetWriter(std::unique_ptr<parquet::arrow::FileWriter> file, Stream out, std::string uri, std::string bucket)
      : file_(std::move(file)), out_(std::move(out)), uri_(std::move(uri)), bucket_(std::move(bucket)) {}

  Status add(const std::vector<InventoryRow>& rows) override {
    const auto batch = to_batch(rows, bucket_);
    EC_TRY(from_arrow(batch.status(), uri_));
    return from_arrow(file_->WriteRecordBatch(**batch), uri_);
  }
  Result<std::string> finish() override {
    EC_TRY(from_arrow(file_->Close(), uri_));
    EC_TRY(from_arrow(out_->Close(), uri_));
    return uri_;
  }

 private:
  std::unique_ptr<parquet::arrow::FileWriter> file_;
  Stream out_;
  std::string uri_, bucket_;
};

std::string md5_hex(const arrow::Buffer& bytes) {
  md5_ctx context;
  md5_init(&context);
  md5_update(&context, static_cast<std::size_t>(bytes.size()), bytes.data());
  std::array<std::uint8_t, MD5_DIGEST_SIZE> digest;
  md5_digest(&context, digest.size(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

// Builds each part in memory, because the manifest names its MD5.
class ManifestWriter final : public InventoryWriter {
 public:
  ManifestWriter(InventoryPlace place, std::int64_t part_rows)
      : place_(std::move(place)), part_rows_(part_rows), uri_(place_.store->uri(manifest_key())) {}

  Status add(const std::vector<InventoryRow>& rows) override {
    std::vector<InventoryRow> part;
    for (const InventoryRow& row : rows) {
      part.push_back(row);
      if (rows_in_part_ + static_cast<std::int64_t>(part.size()) == part_rows_) {
        EC_TRY(write(std::exchange(part, {})));
        EC_TRY(finish_part());
      }
    }
    return part.empty() ? Status{} : write(part);
  }

  Result<std::string> finish() override {
    if (file_) EC_TRY(finish_part());
    const nlohmann::ordered_json manifest = {
        {"sourceBucket", place_.bucket},
        {"destinationBucket", "arn:aws:s3:::" + place_.bucket},
        {"version", "2016-11-30"},
        {"fileFormat", "Parquet"},
        {"fileSchema",
         "message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); optional int64 size; "
         "optional int64 last_modified_date (TIMESTAMP(MILLIS,true)); }"},
        {"files", files_}};
    EC_TRY(place_.store->put(manifest_key(), manifest.dump(2)));
    return uri_;
  }

 private:
  std::string manifest_key() const { return place_.prefix + "inventory/manifest.json"; }

  Status write(const std::vector<InventoryRow>& rows) {
    if (!file_) {
      auto out = arrow::io::BufferOutputStream::Create();
      EC_TRY(from_arrow(out.status(), uri_));
      out_ = *std::move(out);
      auto file = open_parquet(out_);
      EC_TRY(from_arrow(file.status(), uri_));
      file_ = *std::move(file);
    }
    const auto batch = to_batch(rows, place_.bucket);
    EC_TRY(from_arrow(batch.status(), uri_));
    EC_TRY(from_arrow(file_->WriteRecordBatch(**batch), uri_));
    rows_in_part_ += static_cast<std::int64_t>(rows.size());
    return {};
  }

  Status finish_part() {
    EC_TRY(from_arrow(file_->Close(), uri_));
    const auto bytes = out_->Finish();
    EC_TRY(from_arrow(bytes.status(), uri_));
    const std::string key = fmt::format("{}inventory/data/part_{:06}.parquet", place_.prefix, files_.size());
    EC_TRY(place_.store->put(key, std::string_view(**bytes)));
    // Names below the place, so that a folder can be moved; in a bucket that is the whole key.
    const std::string name = place_.store->uri("").starts_with("s3://") ? key : key.substr(place_.prefix.size());
    files_.push_back({{"key", name}, {"size", (*bytes)->size()}, {"MD5checksum", md5_hex(**bytes)}});
    file_ = nullptr;
    rows_in_part_ = 0;
    return {};
  }

  InventoryPlace place_;
  std::int64_t part_rows_;
  std::string uri_;
  std::shared_ptr<arrow::io::BufferOutputStream> out_;
  std::unique_ptr<parquet::arrow::FileWriter> file_;
  std::int64_t rows_in_part_ = 0;
  nlohmann::ordered_json files_ = nlohmann::ordered_json::array();
};

}  // namespace

Result<std::unique_ptr<InventoryWriter>> make_parquet_writer(const InventoryPlace& place) {
  const std::string key = place.prefix + "inventory.parquet";
  EC_ASSIGN_OR_RETURN(Stream out, place.store->open_output(key));
  auto file = open_parquet(out);
  EC_TRY(from_arrow(file.status(), place.store->uri(key)));
  return std::make_unique<ParquetWriter>(*std::move(file), std::move(out), place.store->uri(key), place.bucket);
}

Result<std::unique_ptr<InventoryWriter>> make_manifest_writer(const InventoryPlace& place, std::int64_t part_rows) {
  return std::make_unique<ManifestWriter>(place, part_rows);
}

}  // namespace earthcatalog::generate
