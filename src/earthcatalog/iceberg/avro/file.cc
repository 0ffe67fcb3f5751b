#include "earthcatalog/iceberg/avro/file.h"

#include "earthcatalog/base/hash.h"
#include "earthcatalog/iceberg/metadata/gzip_internal.h"

namespace earthcatalog::iceberg::avro {
namespace {

constexpr std::string_view kMagic("Obj\1", 4);
constexpr std::size_t kSyncBytes = 16;
constexpr std::size_t kBlockBytes = 256 << 10;     // before compression
constexpr std::size_t kLargestBlock = 256u << 20;  // read: inflated
constexpr std::string_view kSchemaKey = "avro.schema", kCodecKey = "avro.codec";

void read_metadata(Decoder& head, FileMetadata& metadata) {
  while (std::int64_t items = head.varint()) {
    if (items < 0) {
      head.varint();
      items = items == INT64_MIN ? 0 : -items;
    }
    for (; items > 0 && head.ok(); --items) {
      const std::string_view key = head.length_prefixed();
      metadata[std::string(key)] = head.length_prefixed();
    }
    if (!head.ok()) return;
  }
}

}  // namespace

Result<FileReader> FileReader::open(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return fail(ErrorKind::kInvalidData, "not an Avro file");
  Decoder head(bytes.substr(kMagic.size()));
  FileMetadata metadata;
  read_metadata(head, metadata);
  const std::string_view sync = head.take(kSyncBytes);
  EC_TRY(head.status());
  EC_ASSIGN_OR_RETURN(Schema schema, Schema::parse(metadata[std::string(kSchemaKey)]));
  FileReader reader(bytes.substr(bytes.size() - head.remaining()), std::move(schema));
  const std::string& codec = metadata[std::string(kCodecKey)];
  if (!codec.empty() && codec != "null" && codec != "deflate") {
    return fail(ErrorKind::kUnsupported, "Avro codec {}; this program reads null and deflate", codec);
  }
  reader.deflated_ = codec == "deflate";
  reader.sync_ = sync;
  reader.metadata_ = std::move(metadata);
  return reader;
}

Status FileReader::for_each(const std::function<Status(Decoder&)>& each) {
  Decoder blocks(body_);
  std::string inflated;
  while (blocks.remaining() > 0) {
    const std::int64_t records = blocks.varint();
    std::string_view block = blocks.length_prefixed();
    if (blocks.take(kSyncBytes) != sync_) blocks.fail_with("a block does not end in the file's sync marker");
    EC_TRY(blocks.status());
    if (deflated_) {
      EC_ASSIGN_OR_RETURN(inflated, inflate_bytes(block, DeflateFormat::kRaw, kLargestBlock));
      block = inflated;
    }
    Decoder decoder(block);
    for (std::int64_t i = 0; i < records; ++i) {
      const std::size_t before = decoder.remaining();
      EC_TRY(each(decoder));
      if (decoder.remaining() == before) decoder.fail_with("a record without bytes");
      EC_TRY(decoder.status());
    }
    if (decoder.remaining() != 0) decoder.fail_with("a block has bytes behind its last record");
    EC_TRY(decoder.status());
  }
  return {};
}

FileWriter::FileWriter(std::string_view schema, const FileMetadata& metadata, int deflate_level)
    : deflate_level_(deflate_level) {
  FileMetadata all = metadata;
  all[std::string(kSchemaKey)] = schema;
  all[std::string(kCodecKey)] = "deflate";
  Encoder head;
  head.array(all, [&head](const auto& entry) {
    head.text(entry.first);
    head.text(entry.second);
  });
  sync_ = hash128(head.bytes()).view();
  out_.append(kMagic).append(head.bytes()).append(sync_);
}

void FileWriter::end_record() {
  ++records_in_block_;
  if (block_.bytes().size() >= kBlockBytes) flush();
}

std::int64_t FileWriter::bytes() const { return static_cast<std::int64_t>(out_.size() + block_.bytes().size() / 3); }

void FileWriter::flush() {
  if (records_in_block_ == 0) return;
  std::string deflated;
  deflate_bytes(block_.bytes(), deflate_level_, deflated);
  Encoder head;
  head.varint(records_in_block_);
  head.text(deflated);
  out_.append(head.bytes()).append(sync_);
  block_.clear();
  records_in_block_ = 0;
}

std::string FileWriter::finish() {
  flush();
  return std::move(out_);
}

}  // namespace earthcatalog::iceberg::avro
