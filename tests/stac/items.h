// Items in and out, for tests.
#pragma once

#include <arrow/type_fwd.h>

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::stac::testing {

/// The committed items of tests/data/stac, by file name.
std::vector<std::string> item_files();
std::string read_item_file(const std::string& name);

/// A complete small Item; `geometry` and `properties` are JSON, `more` is ", \"key\": value..." behind the last member.
std::string make_item(std::string_view properties = R"({"datetime":"2020-01-02T03:04:05Z"})",
                      std::string_view geometry = R"({"type":"Point","coordinates":[1,2]})",
                      std::string_view more = "");

/// One item, parsed and finished alone.
struct Row {
  ParsedItem item;
  std::string wkb;  ///< a copy of item.wkb
  std::shared_ptr<arrow::RecordBatch> batch;
};
std::expected<Row, Rejection> parse(const std::string& json, SchemaKind kind = SchemaKind::kItslive);

/// The batch of items that are all accepted. In `auto`, with a column for each property.
std::shared_ptr<arrow::RecordBatch> parse_all(const std::vector<std::string>& items, SchemaKind kind,
                                              std::size_t max_columns = 400);

/// A value of a batch as text: strings as they are, others as Arrow prints them, "null".
std::string cell(const arrow::RecordBatch& batch, const std::string& column, std::int64_t row = 0);

std::string rebuild(const std::shared_ptr<arrow::RecordBatch>& batch, std::int64_t row = 0);

/// What differs between the item and its rebuilt row; empty: nothing. A refused item is a difference.
std::string round_trip(const std::string& json, SchemaKind kind, std::size_t max_columns = 400);

}  // namespace earthcatalog::stac::testing
