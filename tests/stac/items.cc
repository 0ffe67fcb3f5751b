#include "stac/items.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "stac/json_value.h"

namespace earthcatalog::stac::testing {
namespace {

const std::filesystem::path kFolder = "tests/data/stac";

std::shared_ptr<const ItemSchema> shared_schema(SchemaKind kind) {
  return std::make_shared<const ItemSchema>(initial_schema(kind));
}

}  // namespace

std::vector<std::string> item_files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

std::string read_item_file(const std::string& name) {
  std::ifstream file(kFolder / name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string make_item(std::string_view properties, std::string_view geometry, std::string_view more) {
  return fmt::format(
      R"({{"type":"Feature","stac_version":"1.0.0","id":"a","collection":"c","geometry":{},"properties":{},"links":[],"assets":{{}}{}}})",
      geometry, properties, more);
}

std::expected<Row, Rejection> parse(const std::string& json, SchemaKind kind) {
  ItemParser parser;
  ItemBatch batch(shared_schema(kind));
  auto item = parser.append(json, batch);
  if (!item) return std::unexpected(item.error());
  Row row{.item = std::move(*item), .wkb = {}, .batch = {}};
  row.wkb = row.item.wkb;
  auto rows = batch.finish(evolve(initial_schema(kind), batch.observed(), 400));
  EXPECT_TRUE(rows) << rows.error().message;
  row.batch = *rows;
  return row;
}

std::shared_ptr<arrow::RecordBatch> parse_all(const std::vector<std::string>& items, SchemaKind kind,
                                              std::size_t max_columns) {
  ItemParser parser;
  ItemBatch batch(shared_schema(kind));
  for (const std::string& json : items) {
    const auto item = parser.append(json, batch);
    EXPECT_TRUE(item) << item.error().reason;
  }
  auto rows = batch.finish(evolve(initial_schema(kind), batch.observed(), max_columns));
  EXPECT_TRUE(rows) << rows.error().message;
  EXPECT_TRUE((*rows)->ValidateFull().ok());
  return *rows;
}

std::string cell(const arrow::RecordBatch& batch, const std::string& column, std::int64_t row) {
  const auto values = batch.GetColumnByName(column);
  if (values == nullptr) return "no such column";
  if (values->IsNull(row)) return "null";
  const auto scalar = values->GetScalar(row).ValueOrDie();
  return scalar->type->id() == arrow::Type::STRING ? static_cast<const arrow::StringScalar&>(*scalar).value->ToString()
                                                   : scalar->ToString();
}

std::string rebuild(const std::shared_ptr<arrow::RecordBatch>& batch, std::int64_t row) {
  std::string json;
  const Status status = ItemWriter(batch).append_json(row, json);
  EXPECT_TRUE(status) << status.error().message;
  return json;
}

std::string round_trip(const std::string& json, SchemaKind kind, std::size_t max_columns) {
  const auto original = read_json(json);
  if (!original) return "the test's own reader refuses it: " + json;
  ItemParser parser;
  ItemBatch batch(shared_schema(kind));
  if (const auto item = parser.append(json, batch); !item) return item.error().kind + ": " + item.error().reason;
  const auto rows = batch.finish(evolve(initial_schema(kind), batch.observed(), max_columns));
  if (!rows) return rows.error().message;
  if (const auto valid = (*rows)->ValidateFull(); !valid.ok()) return valid.ToString();
  const auto rebuilt = read_json(rebuild(*rows));
  if (!rebuilt) return "rebuilt is not JSON: " + rebuild(*rows);
  return difference(*original, *rebuilt).value_or("");
}

}  // namespace earthcatalog::stac::testing
