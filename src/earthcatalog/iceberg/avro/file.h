// Avro object container files (https://avro.apache.org/docs/1.11.1/specification/#object-container-files).
// Read: codecs null and deflate. Written: deflate.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/iceberg/avro/decoder.h"
#include "earthcatalog/iceberg/avro/encoder.h"
#include "earthcatalog/iceberg/avro/schema.h"
#include "earthcatalog/result.h"

namespace earthcatalog::iceberg::avro {

using FileMetadata = std::map<std::string, std::string, std::less<>>;

class FileReader {
 public:
  /// Reads the head; the bytes must outlive the reader. kInvalidData: no Avro file; kUnsupported: another codec.
  static Result<FileReader> open(std::string_view bytes);

  const Schema& schema() const { return schema_; }
  const FileMetadata& metadata() const { return metadata_; }
  /// Calls `each` with a decoder that stands before each record in turn; its error or the decoder's ends the reading.
  Status for_each(const std::function<Status(Decoder&)>& each);

 private:
  FileReader(std::string_view bytes, Schema schema) : body_(bytes), schema_(std::move(schema)) {}

  std::string_view body_;  // from the first block on
  Schema schema_;
  FileMetadata metadata_;
  std::string_view sync_;
  bool deflated_ = false;
};

class FileWriter {
 public:
  /// `schema` is JSON; `metadata` goes into the head beside it.
  FileWriter(std::string_view schema, const FileMetadata& metadata, int deflate_level);

  /// Encodes the next record; end_record() after each.
  Encoder& record() { return block_; }
  void end_record();
  /// Bytes so far, about: those of an unfinished block count a third.
  std::int64_t bytes() const;
  /// The whole file. The writer is then used up.
  std::string finish();

 private:
  void flush();

  int deflate_level_;
  std::string sync_;
  std::string out_;
  Encoder block_;
  std::int64_t records_in_block_ = 0;
};

}  // namespace earthcatalog::iceberg::avro
