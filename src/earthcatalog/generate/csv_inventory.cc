#include <arrow/io/compressed.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/compression.h>

#include "earthcatalog/generate/inventory_writer.h"
#include "earthcatalog/storage/arrow_status.h"
#include "earthcatalog/storage/percent.h"

namespace earthcatalog::generate {
namespace {

using Stream = std::shared_ptr<arrow::io::OutputStream>;

constexpr int kGzipLevel = 4;

Status from_arrow(const arrow::Status& status, const std::string& uri) {
  if (status.ok()) return {};
  return std::unexpected(storage::from_arrow(status).annotate("writing " + uri));
}

// "2026-03-01T00:00:07.000Z": AWS's spelling.
std::string aws_time(TimeMicros time) {
  std::string text = format_time(time);
  if (text.find('.') == text.npos) text.insert(text.size() - 1, ".000");
  return text;
}

class CsvWriter final : public InventoryWriter {
 public:
  /// `codec` is what `out` compresses with: AWS's spelling; none: ours, with a header.
  CsvWriter(Stream out, std::unique_ptr<arrow::util::Codec> codec, std::string uri, std::string bucket)
      : codec_(std::move(codec)), out_(std::move(out)), uri_(std::move(uri)), bucket_(std::move(bucket)) {
    if (!codec_) text_ = "bucket,key,size,last_modified_date\n";
  }

  Status add(const std::vector<InventoryRow>& rows) override {
    for (const InventoryRow& row : rows) {
      const std::string time = aws_time(row.last_modified);
      if (codec_) {
        fmt::format_to(std::back_inserter(text_), "\"{}\",\"{}\",\"{}\",\"{}\"\n", bucket_,
                       storage::percent_encode(row.key, storage::Slash::kKeep), row.size_bytes, time);
      } else {
        fmt::format_to(std::back_inserter(text_), "{},{},{},{}\n", bucket_, row.key, row.size_bytes, time);
      }
    }
    return flush();
  }

  Result<std::string> finish() override {
    EC_TRY(flush());
    EC_TRY(from_arrow(out_->Close(), uri_));
    return uri_;
  }

 private:
  Status flush() {
    EC_TRY(from_arrow(out_->Write(text_.data(), static_cast<std::int64_t>(text_.size())), uri_));
    text_.clear();
    return {};
  }

  std::unique_ptr<arrow::util::Codec> codec_;
  Stream out_;
  std::string uri_, bucket_, text_;
};

}  // namespace

Result<std::unique_ptr<InventoryWriter>> make_csv_writer(const InventoryPlace& place) {
  const std::string key = place.prefix + "inventory.csv";
  EC_ASSIGN_OR_RETURN(Stream out, place.store->open_output(key));
  return std::make_unique<CsvWriter>(std::move(out), nullptr, place.store->uri(key), place.bucket);
}

Result<std::unique_ptr<InventoryWriter>> make_aws_csv_writer(const InventoryPlace& place) {
  const std::string key = place.prefix + "inventory.csv.gz";
  const std::string uri = place.store->uri(key);
  EC_ASSIGN_OR_RETURN(Stream out, place.store->open_output(key));
  auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP, kGzipLevel);
  EC_TRY(from_arrow(codec.status(), uri));
  auto compressed = arrow::io::CompressedOutputStream::Make(codec->get(), out);
  EC_TRY(from_arrow(compressed.status(), uri));
  return std::make_unique<CsvWriter>(*std::move(compressed), *std::move(codec), uri, place.bucket);
}

}  // namespace earthcatalog::generate
