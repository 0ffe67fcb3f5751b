// RFC 4180 records out of a stream of bytes, in constant memory. Internal to the module.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/inventory/formats/byte_source.h"

namespace earthcatalog::inventory {

/// Fields may be quoted, and then hold commas, line ends and doubled quotes; records end with LF or CRLF; the last
/// line end may be missing; empty lines are no records; a UTF-8 byte order mark at the very front is no data. Bytes
/// are otherwise handed on as they are. A quote inside an unquoted field is an ordinary character.
class CsvParser {
 public:
  explicit CsvParser(std::unique_ptr<ByteSource> source, std::size_t buffer_bytes = 256 << 10);

  /// Reads the next record; false at the end. Fields are valid until the next call. kInvalidData, with row and byte,
  /// for a quote that is never closed, text behind a closing quote, or a record of more than 16 MiB.
  Result<bool> next(std::vector<std::string_view>& fields);

  std::int64_t row() const { return row_; }                 ///< of the last record, from 1
  std::int64_t byte_offset() const { return row_offset_; }  ///< of its first byte in the text, from 0
  std::string position() const;                             ///< "row 12 (byte 345)"
  std::optional<double> share_read() const { return source_->share_read(); }

 private:
  struct Span {
    char* begin;
    char* end;
    bool has_doubled_quotes;
  };
  enum class Scan : std::uint8_t { kComplete, kIncomplete };

  Status refill();
  Result<Scan> scan_record();
  Result<Scan> scan_quoted(char*& at);
  void skip_line_ends();

  std::unique_ptr<ByteSource> source_;
  std::vector<char> buffer_;
  std::vector<Span> spans_;
  char* at_;                      // first byte not yet given
  char* end_;                     // end of what was read
  std::int64_t base_offset_ = 0;  // of buffer_.data() in the text
  std::int64_t row_ = 0, row_offset_ = 0;
  bool source_ended_ = false;
  bool first_ = true;
};

}  // namespace earthcatalog::inventory
