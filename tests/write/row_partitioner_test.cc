#include "earthcatalog/write/row_partitioner.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::write {
namespace {

std::string item_json(int number, const std::string& platform, const std::string& datetime) {
  std::string json = R"({"type":"Feature","stac_version":"1.0.0","id":"item-)" + std::to_string(number) +
                     R"(","geometry":{"type":"Point","coordinates":[1,2]},"links":[],"assets":{},)" +
                     R"("collection":"itslive-granules","properties":{"datetime":")" + datetime + R"(","platform":")" +
                     platform + R"("}})";
  json.reserve(json.size() + 64);
  return json;
}

struct Input {
  std::shared_ptr<const stac::ItemSchema> schema =
      std::make_shared<const stac::ItemSchema>(stac::initial_schema(stac::SchemaKind::kItslive));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  std::vector<write::PartitionRow> rows;
};

std::string platform_of(int number) { return number % 3 == 0 ? "S2B" : "LC08"; }
std::string datetime_of(int number) { return "20" + std::to_string(10 + number * 7 % 13) + "-01-01T00:00:00Z"; }

// Items 0 … count-1 in `parts` batches, each in one or two cells.
Input make_input(int count, int parts) {
  Input input;
  stac::ItemParser parser;
  for (int part = 0; part < parts; ++part) {
    stac::ItemBatch batch(input.schema);
    for (int number = part; number < count; number += parts) {
      const auto parsed = parser.append(item_json(number, platform_of(number), datetime_of(number)), batch);
      EXPECT_TRUE(parsed.has_value());
      for (int c = 0; c <= number % 2; ++c) {
        input.rows.push_back({.group = {grid::Cell(10 + (number + c) % 4), utc_year(*parsed->datetime)},
                              .batch = static_cast<std::uint32_t>(part),
                              .row = parsed->row,
                              .bounds = write::kNoBounds,
                              .primary = c == 0});
      }
    }
    auto finished = batch.finish(*input.schema);
    EXPECT_TRUE(finished.has_value());
    input.batches.push_back(*finished);
  }
  return input;
}

RC_GTEST_PROP(RowPartitioner, EveryRowComesOutOnceInItsGroupAndInOrder, ()) {
  const int count = *rc::gen::inRange(1, 60);
  const int parts = *rc::gen::inRange(1, 5);
  auto input = make_input(count, parts);
  const std::size_t expected_rows = input.rows.size();
  const auto cutter = write::RowPartitioner::make(input.schema, input.batches, input.rows, {});
  RC_ASSERT(cutter.has_value());
  std::size_t rows = 0, primaries = 0;
  write::CellYear last{0, INT32_MIN};
  for (const write::Group& group : cutter->groups()) {
    RC_ASSERT(rows == 0 || last < group.key);
    last = group.key;
    const auto batch = cutter->cut(group, 0, group.count, "cell-" + std::to_string(group.key.cell));
    RC_ASSERT(batch.has_value());
    RC_ASSERT((*batch)->ValidateFull().ok());
    const auto& platform = static_cast<const arrow::StringArray&>(*(*batch)->GetColumnByName("platform"));
    const auto& datetime = static_cast<const arrow::TimestampArray&>(*(*batch)->GetColumnByName("datetime"));
    const auto& primary = static_cast<const arrow::BooleanArray&>(*(*batch)->GetColumnByName("grid_primary"));
    const auto& cell = static_cast<const arrow::StringArray&>(*(*batch)->GetColumnByName("grid_partition"));
    const auto& id = static_cast<const arrow::StringArray&>(*(*batch)->GetColumnByName("id"));
    for (std::int64_t i = 0; i < (*batch)->num_rows(); ++i) {
      const int number = std::stoi(id.GetString(i).substr(5));
      RC_ASSERT(platform.GetView(i) == platform_of(number));
      RC_ASSERT(datetime.Value(i) == parse_time(datetime_of(number))->micros);
      RC_ASSERT(utc_year(datetime.Value(i)) == group.key.year);
      RC_ASSERT(cell.GetView(i) == "cell-" + std::to_string(group.key.cell));
      primaries += primary.Value(i) ? 1 : 0;
      if (i > 0) {
        RC_ASSERT(std::make_pair(platform.GetView(i - 1), datetime.Value(i - 1)) <=
                  std::make_pair(platform.GetView(i), datetime.Value(i)));
      }
    }
    rows += group.count;
  }
  RC_ASSERT(rows == expected_rows);
  RC_ASSERT(primaries == static_cast<std::size_t>(count));
}

TEST(RowPartitioner, CutsALargeGroupInPieces) {
  auto input = make_input(1, 1);
  input.rows.assign(10, input.rows[0]);
  const auto cutter = write::RowPartitioner::make(input.schema, input.batches, input.rows, {});
  ASSERT_EQ(cutter->groups().size(), 1U);
  EXPECT_EQ((*cutter->cut(cutter->groups()[0], 8, 2, "c"))->num_rows(), 2);
}

TEST(RowPartitioner, WritesBoxesAndNullsWhereThereAreNone) {
  auto input = make_input(2, 1);
  input.rows.resize(2);
  input.rows[0].group = input.rows[1].group;
  input.rows[0].bounds = 0;
  const auto cutter = write::RowPartitioner::make(input.schema, input.batches, input.rows, {{1, 2, 3, 4}});
  const auto batch = *cutter->cut(cutter->groups()[0], 0, 2, "c");
  const auto& boxes = static_cast<const arrow::StructArray&>(*batch->GetColumnByName("geometry_bbox"));
  EXPECT_EQ(boxes.null_count(), 1);
  const std::int64_t with_box = boxes.IsValid(0) ? 0 : 1;
  EXPECT_DOUBLE_EQ(static_cast<const arrow::DoubleArray&>(*boxes.field(2)).Value(with_box), 3);
}

}  // namespace
}  // namespace earthcatalog::write
