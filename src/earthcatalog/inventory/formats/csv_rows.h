// Rows of a CSV inventory. Internal to the module.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/inventory/formats/columns.h"
#include "earthcatalog/inventory/formats/csv_parser.h"
#include "earthcatalog/inventory/formats/row.h"
#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::inventory {

struct CsvOptions {
  std::string uri;                  ///< for messages
  std::optional<ColumnMap> schema;  ///< a manifest's fileSchema: with it, a file without any row is valid
  KeyEncoding key_encoding = KeyEncoding::kByFormat;
};

class CsvRows final : public RowReader {
 public:
  /// Reads the first record. kInvalidData when there is none, or when it is a header that lacks bucket or key.
  static Result<std::unique_ptr<CsvRows>> open(std::unique_ptr<ByteSource> source, CsvOptions options);

  Result<bool> next(Row& row) override;
  std::string position() const override { return options_.uri + ": " + parser_.position(); }
  std::optional<double> share_read() const override { return parser_.share_read(); }
  bool url_encoded() const { return url_encoded_; }

 private:
  CsvRows(std::unique_ptr<ByteSource> source, CsvOptions options)
      : options_(std::move(options)), parser_(std::move(source)) {}
  Status read_first_record();
  Status fill(Row& row) const;
  std::string_view field(ColumnRole role) const;

  CsvOptions options_;
  CsvParser parser_;
  ColumnMap columns_;
  std::vector<std::string_view> fields_;
  bool first_is_row_ = false;  // fields_ holds a record that next() has not given yet
  bool url_encoded_ = false;
};

/// Reads a flag: "true", "TRUE", "1", "false", "0"; nothing for anything else.
std::optional<bool> parse_flag(std::string_view text);

}  // namespace earthcatalog::inventory
