#include "earthcatalog/inventory/formats/csv_rows.h"

#include <algorithm>

namespace earthcatalog::inventory {
namespace {

std::string quoted_list(const std::vector<std::string_view>& names) { return fmt::format("{}", fmt::join(names, ",")); }

}  // namespace

std::optional<bool> parse_flag(std::string_view text) {
  const auto is = [text](std::string_view word) {
    return std::ranges::equal(text, word,
                              [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
  };
  if (text == "1" || is("true")) return true;
  if (text == "0" || is("false")) return false;
  return std::nullopt;
}

Result<std::unique_ptr<CsvRows>> CsvRows::open(std::unique_ptr<ByteSource> source, CsvOptions options) {
  std::unique_ptr<CsvRows> rows(new CsvRows(std::move(source), std::move(options)));
  EC_TRY(annotate(rows->read_first_record(), rows->options_.uri));
  return rows;
}

Status CsvRows::read_first_record() {
  EC_ASSIGN_OR_RETURN(first_is_row_, parser_.next(fields_));
  if (!first_is_row_) {
    if (options_.schema) return {};
    return fail(ErrorKind::kInvalidData, "the inventory is empty: it has neither a header nor rows");
  }
  const auto named = map_columns(fields_);
  const bool header = named && named->has_object_name();
  if (!header && looks_like_header(fields_)) {
    if (!named) return std::unexpected(named.error());
    return fail(ErrorKind::kInvalidData,
                "row 1 (byte {}) is a header ({}) without a column '{}'; name the columns bucket and key, or leave the "
                "header out for bucket,key,size,last_modified_date",
                parser_.byte_offset(), quoted_list(fields_), (*named)[ColumnRole::kBucket] < 0 ? "bucket" : "key");
  }
  if (header) {
    columns_ = *named;
    first_is_row_ = false;
  } else {
    columns_ = options_.schema.value_or(default_columns());
  }
  url_encoded_ = options_.key_encoding == KeyEncoding::kByFormat ? !header : options_.key_encoding == KeyEncoding::kUrl;
  return {};
}

std::string_view CsvRows::field(ColumnRole role) const {
  const int index = columns_[role];
  return index >= 0 && static_cast<std::size_t>(index) < fields_.size() ? fields_[index] : std::string_view{};
}

Status CsvRows::fill(Row& row) const {
  row.bucket = field(ColumnRole::kBucket);
  row.key = field(ColumnRole::kKey);
  if (row.bucket.empty() || row.key.empty()) {
    return fail(ErrorKind::kInvalidData, "{} has no {}: it has {} of the columns bucket ({}) and key ({})", position(),
                row.bucket.empty() ? "bucket" : "key", fields_.size(), columns_[ColumnRole::kBucket] + 1,
                columns_[ColumnRole::kKey] + 1);
  }
  row.size_text = field(ColumnRole::kSize);
  row.date_text = field(ColumnRole::kLastModified);
  row.etag = field(ColumnRole::kEtag);
  row.url_encoded = url_encoded_;
  row.noncurrent =
      parse_flag(field(ColumnRole::kIsLatest)) == false || parse_flag(field(ColumnRole::kIsDeleteMarker)) == true;
  return {};
}

Result<bool> CsvRows::next(Row& row) {
  if (!first_is_row_) {
    auto more = parser_.next(fields_);
    if (!more) return std::unexpected(std::move(more.error()).annotate(options_.uri));
    if (!*more) return false;
  }
  first_is_row_ = false;
  EC_TRY(fill(row));
  return true;
}

}  // namespace earthcatalog::inventory
