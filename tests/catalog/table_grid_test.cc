#include "earthcatalog/catalog/table_grid.h"

#include <gmock/gmock.h>

#include "earthcatalog/catalog/table_schema.h"

namespace earthcatalog::catalog {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(TableGrid, AnswersItsResolutionWhenNoneIsAsked) {
  const TableGrid table{.type = "h3", .resolution = 2, .boundaries_path = {}, .id_field = {}};
  EXPECT_EQ(grid_of_table(table, {}).value().resolution, 2);
  EXPECT_EQ(
      grid_of_table(table, {.type = "h3", .resolution = 2, .boundaries_path = {}, .id_field = {}}).value().resolution,
      2);
}

TEST(TableGrid, RefusesAnotherResolutionAndNamesBoth) {
  const TableGrid table{.type = "h3", .resolution = 2, .boundaries_path = {}, .id_field = {}};
  const auto refused = grid_of_table(table, {.type = {}, .resolution = 3, .boundaries_path = {}, .id_field = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("resolution 2"), HasSubstr("was 3"), HasSubstr("`h3_resolution`")));
}

TEST(TableGrid, RefusesAnotherTypeAndUnknownTypes) {
  const auto other = grid_of_table({.type = "h3", .resolution = 1, .boundaries_path = {}, .id_field = {}},
                                   {.type = "geojson", .resolution = {}, .boundaries_path = {}, .id_field = {}});
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, AllOf(HasSubstr("h3"), HasSubstr("geojson")));
  const auto unknown = grid_of_table({.type = "s2", .resolution = {}, .boundaries_path = {}, .id_field = {}}, {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(unknown.error().message, HasSubstr("\"s2\""));
}

TEST(TableGrid, OfANewTableNeedsAResolution) {
  EXPECT_EQ(grid_of_new_table({}, 1).value().resolution, 1);
  const auto refused = grid_of_new_table({}, std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("`h3_resolution`"));
}

TEST(TableGrid, OfRegionsSurvivesTheTableProperties) {
  const auto made = grid_of_new_table(
      {.type = "geojson", .resolution = {}, .boundaries_path = "/data/regions.geojson", .id_field = "name"}, 1);
  ASSERT_TRUE(made);
  const auto read = read_grid(grid_properties(*made)).value();
  const auto again =
      grid_of_table(read, {.type = {}, .resolution = {}, .boundaries_path = "/data/regions.geojson", .id_field = {}});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->boundaries_path, "file:///data/regions.geojson");
  EXPECT_EQ(again->id_field, "name");
  const auto other =
      grid_of_table(read, {.type = {}, .resolution = {}, .boundaries_path = "/data/other.geojson", .id_field = {}});
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, AllOf(HasSubstr("regions.geojson"), HasSubstr("other.geojson")));
}

TEST(TableGrid, ThatNobodySaysHasResolution1) {
  EXPECT_EQ(grid_of_table({}, {}).value().resolution, 1);
  GridRequest asked;
  asked.resolution = 4;
  EXPECT_EQ(grid_of_table({}, asked).value().resolution, 4);
}

TEST(TableGrid, OfPythonSurvivesTheTableProperties) {
  GridRequest asked;
  asked.type = "python";
  asked.python = "here.Mine";
  const auto without = grid_of_new_table(asked, 1);
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_FALSE(grid_properties(*without).contains(std::string(kGridResolutionProperty)));
  asked.resolution = 5;
  const auto made = grid_of_new_table(asked, 1).value();
  EXPECT_EQ(grid_properties(made).at(std::string(kGridTypeProperty)), "python");
  const auto read = read_grid(grid_properties(made)).value();
  for (const auto& request : {GridRequest(), asked}) {
    const auto again = grid_of_table(read, request);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->type, "python");
    EXPECT_EQ(again->python, "here.Mine");
    EXPECT_EQ(again->resolution, 5);
  }
  asked.python = "there.Other";
  const auto other = grid_of_table(read, asked);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(other.error().message, AllOf(HasSubstr("here.Mine"), HasSubstr("there.Other")));
}

TEST(TableGrid, OfPythonNeedsAPartitioner) {
  GridRequest asked;
  asked.type = "python";
  EXPECT_EQ(grid_of_new_table(asked, 1).error().kind, ErrorKind::kInvalidArgument);
}

TEST(TableGrid, ReadsTheResolutionOfACellName) {
  EXPECT_EQ(h3_resolution_of("8001fffffffffff"), 0);
  EXPECT_EQ(h3_resolution_of("81063ffffffffff"), 1);
  EXPECT_EQ(h3_resolution_of("8f283473fffffff"), 15);
  EXPECT_EQ(h3_resolution_of("__none__"), std::nullopt);
  EXPECT_EQ(h3_resolution_of("greenland"), std::nullopt);
  EXPECT_EQ(h3_resolution_of(""), std::nullopt);
}

TEST(TableSchema, PutsTheIndexesBesideTheWarehouse) {
  EXPECT_EQ(hash_index_uri("s3://b/wh"), "s3://b/wh_id_hashes.parquet");
  EXPECT_EQ(hash_index_uri("s3://b"), "s3://b/_id_hashes.parquet");
  EXPECT_EQ(hash_index_uri("s3://b/"), "s3://b/_id_hashes.parquet");
  EXPECT_EQ(object_index_uri("file:///tmp/wh/"), "file:///tmp/wh_objects");
}

}  // namespace
}  // namespace earthcatalog::catalog
