#include "earthcatalog/stac/schema.h"

#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace earthcatalog::stac {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> names(const ItemSchema& schema, std::size_t from = 0) {
  std::vector<std::string> result;
  for (std::size_t i = from; i < schema.columns.size(); ++i) result.push_back(schema.columns[i].name);
  return result;
}

ColumnType type_of(const ItemSchema& schema, std::string_view name) {
  for (const Column& column : schema.columns) {
    if (column.name == name) return column.type;
  }
  ADD_FAILURE() << "no column " << name;
  return ColumnType::kBbox;
}

TEST(Schema, ItsliveHasItsColumnsInOrder) {
  EXPECT_THAT(names(initial_schema(SchemaKind::kItslive)),
              ElementsAre("id", "grid_partition", "geometry", "datetime", "platform", "percent_valid_pixels", "date_dt",
                          "proj:code", "assets", "links", "stac_version", "type", "start_datetime", "version",
                          "sat:orbit_state", "scene_1_id", "scene_2_id", "scene_1_frame", "scene_2_frame",
                          "mid_datetime", "created", "updated", "end_datetime", "stac_extensions", "collection",
                          "latitude", "longitude", "bbox", "grid_primary", "geometry_bbox", "stac_extra"));
}

TEST(Schema, AutoBeginsWithTheCore) {
  EXPECT_THAT(names(initial_schema(SchemaKind::kAuto)),
              ElementsAre("id", "grid_partition", "geometry", "datetime", "platform", "assets", "links", "stac_version",
                          "type", "start_datetime", "created", "updated", "end_datetime", "stac_extensions",
                          "collection", "bbox", "grid_primary", "geometry_bbox", "stac_extra"));
}

TEST(Schema, ArrowTypes) {
  const auto schema = arrow_schema(initial_schema(SchemaKind::kItslive));
  ASSERT_EQ(schema->num_fields(), 31);
  const auto type = [&](const char* name) { return schema->GetFieldByName(name)->type()->ToString(); };
  EXPECT_EQ(type("id"), "string");
  EXPECT_EQ(type("geometry"), "binary");
  EXPECT_EQ(type("mid_datetime"), "string");
  EXPECT_EQ(type("date_dt"), "int64");
  EXPECT_EQ(type("latitude"), "double");
  EXPECT_EQ(type("grid_primary"), "bool");
  for (const char* name : {"datetime", "start_datetime", "end_datetime", "created", "updated"}) {
    EXPECT_EQ(type(name), "timestamp[us, tz=UTC]") << name;
  }
  EXPECT_EQ(type("geometry_bbox"), "struct<xmin: double, ymin: double, xmax: double, ymax: double>");
  for (const auto& field : schema->fields()) EXPECT_TRUE(field->nullable()) << field->name();
}

const PropertyKinds kNumber{.number = true, .boolean = false, .string = false};
const PropertyKinds kBoolean{.number = false, .boolean = true, .string = false};
const PropertyKinds kString{.number = false, .boolean = false, .string = true};

TEST(Schema, EvolveAppendsInBytewiseOrder) {
  const auto schema =
      evolve(initial_schema(SchemaKind::kAuto), {{"b", kNumber}, {"B", kString}, {"a:c", kBoolean}}, 400);
  EXPECT_THAT(names(schema, 19), ElementsAre("B", "a:c"));  // "b" collides with "B"
  EXPECT_EQ(type_of(schema, "B"), ColumnType::kString);
  EXPECT_EQ(type_of(schema, "a:c"), ColumnType::kBoolean);
}

TEST(Schema, EvolveKeepsExistingColumnsInPlace) {
  const auto first = evolve(initial_schema(SchemaKind::kAuto), {{"z", kNumber}}, 400);
  const auto second = evolve(first, {{"a", kNumber}, {"z", kString}, {"Z", kString}}, 400);
  EXPECT_THAT(names(second, 19), ElementsAre("z", "a"));
  EXPECT_EQ(type_of(second, "z"), ColumnType::kDouble);
}

TEST(Schema, TypesOfKnownProperties) {
  const ObservedProperties observed = {
      {"eo:cloud_cover", kString}, {"proj:epsg", kNumber}, {"gsd", kNumber},
      {"deprecated", kString},     {"expires", kString},   {"sat:relative_orbit", kNumber},
      {"version", kNumber},        {"mine", kNumber},      {"view:off_nadir", kNumber}};
  const auto schema = evolve(initial_schema(SchemaKind::kAuto), observed, 400);
  EXPECT_EQ(type_of(schema, "eo:cloud_cover"), ColumnType::kDouble);
  EXPECT_EQ(type_of(schema, "proj:epsg"), ColumnType::kLong);
  EXPECT_EQ(type_of(schema, "gsd"), ColumnType::kDouble);
  EXPECT_EQ(type_of(schema, "deprecated"), ColumnType::kBoolean);
  EXPECT_EQ(type_of(schema, "expires"), ColumnType::kTimestamp);
  EXPECT_EQ(type_of(schema, "sat:relative_orbit"), ColumnType::kLong);
  EXPECT_EQ(type_of(schema, "version"), ColumnType::kString);
  EXPECT_EQ(type_of(schema, "mine"), ColumnType::kDouble);
  EXPECT_EQ(type_of(schema, "view:off_nadir"), ColumnType::kDouble);
}

TEST(Schema, MixedKindsAreANumberThenABooleanThenAString) {
  const auto type = [](bool number, bool boolean, bool string) {
    return evolve(initial_schema(SchemaKind::kAuto), {{"p", {number, boolean, string}}}, 400).columns.back().type;
  };
  EXPECT_EQ(type(true, true, true), ColumnType::kDouble);
  EXPECT_EQ(type(false, true, true), ColumnType::kBoolean);
  EXPECT_EQ(type(false, false, true), ColumnType::kString);
}

TEST(Schema, NamesThatCannotBeColumns) {
  const ObservedProperties observed = {{"", kNumber},
                                       {"_pos", kNumber},
                                       {"year", kNumber},
                                       {"YEAR", kNumber},
                                       {"Datetime", kString},
                                       {"id", kString},
                                       {"STAC_EXTRA", kString},
                                       {"a\nb", kNumber},
                                       {"nothing", {}},
                                       {"geometry_bbox.xmin", kNumber},
                                       {"type", kString},
                                       {"Geometry", kString},
                                       {"grid_primary", kBoolean},
                                       {std::string(256, 'x'), kNumber}};
  EXPECT_EQ(evolve(initial_schema(SchemaKind::kAuto), observed, 400), initial_schema(SchemaKind::kAuto));
}

TEST(Schema, NonAsciiNamesAreColumnsUnlessCaseIsAmbiguous) {
  const auto schema =
      evolve(initial_schema(SchemaKind::kAuto), {{"größe", kNumber}, {"GRÖSSE", kNumber}, {"GRÖßE", kNumber}}, 400);
  EXPECT_THAT(names(schema, 19), ElementsAre("GRÖSSE", "GRÖßE"));
}

TEST(Schema, MaxColumnsCountsAll) {
  const auto schema = evolve(initial_schema(SchemaKind::kAuto), {{"a", kNumber}, {"b", kNumber}, {"c", kNumber}}, 21);
  EXPECT_THAT(names(schema, 19), ElementsAre("a", "b"));
  EXPECT_EQ(evolve(initial_schema(SchemaKind::kAuto), {{"a", kNumber}}, 3).columns.size(), 19U);
}

TEST(Schema, ItsliveNeverChanges) {
  EXPECT_EQ(evolve(initial_schema(SchemaKind::kItslive), {{"a", kNumber}}, 400), initial_schema(SchemaKind::kItslive));
}

}  // namespace
}  // namespace earthcatalog::stac
