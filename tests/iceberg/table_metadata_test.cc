#include "earthcatalog/iceberg/metadata/table_metadata.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "iceberg/iceberg_testing.h"

namespace earthcatalog::iceberg {
namespace {

using testing::IsError;
using testing::IsOk;
using testing::read_text;
using testing::value_of;

constexpr char kFolder[] = "tests/data/iceberg/";

TableMetadata parse_file(const std::string& name) {
  return value_of(parse_table_metadata(read_text(kFolder + name), name));
}

TEST(TableMetadata, ReadsPyIcebergs) {
  const TableMetadata metadata = parse_file("pyiceberg.metadata.json");
  EXPECT_EQ(metadata.location, "file:///warehouse/earthcatalog/stac_items");
  EXPECT_EQ(metadata.schema().find("datetime")->type.id, TypeId::kTimestampTz);
  EXPECT_EQ(metadata.schema().find("bbox")->type.fields.at(0).field_id, 5);
  EXPECT_EQ(metadata.default_spec().fields.at(1).transform, "year");
  EXPECT_EQ(metadata.current_snapshot()->operation(), "append");
  EXPECT_EQ(metadata.current_snapshot()->summary.at("total-records"), "4");
  EXPECT_EQ(metadata.snapshots.size(), 2u);
  EXPECT_EQ(metadata.metadata_log.size(), 2u);
}

// Also what this program does not know: statistics, tags with retention, members of later versions.
TEST(TableMetadata, LosesNothing) {
  for (const char* name : {"pyiceberg.metadata.json", "unknown_members.metadata.json", "foreign_types.metadata.json"}) {
    const std::string text = read_text(std::string(kFolder) + name);
    const std::string back = to_json(value_of(parse_table_metadata(text, name)));
    EXPECT_EQ(nlohmann::json::parse(back), nlohmann::json::parse(text)) << name;
  }
}

TEST(TableMetadata, ColumnsOfOtherTypesAreKnownByTheirNames) {
  const auto schema = parse_file("foreign_types.metadata.json").schema();
  const auto type = [&](const char* name) { return schema.find(name)->type; };
  EXPECT_EQ(type("tags").id, TypeId::kOther);
  EXPECT_EQ(type_name(type("tags")), "list");
  EXPECT_EQ(type_name(type("by_name")), "map");
  EXPECT_EQ(type_name(type("price")), "decimal(9, 2)");
  EXPECT_EQ(type_name(type("nested")), "struct");
  EXPECT_EQ(type_name(type("nested").fields.at(0).type), "list");
  EXPECT_EQ(type_name(type("datetime")), "timestamptz");
}

TEST(TableMetadata, MayBeGzipped) {
  EXPECT_EQ(to_json(parse_file("pyiceberg.gz.metadata.json")), to_json(parse_file("pyiceberg.metadata.json")));
}

TEST(TableMetadata, MinusOneMeansNoSnapshot) {
  EXPECT_EQ(parse_file("no_snapshot.metadata.json").current_snapshot(), nullptr);
}

struct Broken {
  const char* file;
  ErrorKind kind;
  const char* message;
};

class BrokenMetadata : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenMetadata, IsRefusedByName) {
  const std::string path = std::string(kFolder) + "broken/" + GetParam().file + ".metadata.json";
  const auto metadata = parse_table_metadata(read_text(path), path);
  ASSERT_THAT(metadata, IsError(GetParam().kind, GetParam().message));
  EXPECT_THAT(metadata.error().message, ::testing::HasSubstr(path));
}

const Broken kBroken[] = {
    {"not_json", ErrorKind::kInvalidData, "not valid JSON"},
    {"truncated_gzip", ErrorKind::kInvalidData, "cut short"},
    {"array", ErrorKind::kInvalidData, "not a JSON object"},
    {"no_format_version", ErrorKind::kInvalidData, "format-version is missing"},
    {"format_version_1", ErrorKind::kUnsupported, "format version 1"},
    {"format_version_3", ErrorKind::kUnsupported, "format version 3"},
    {"no_location", ErrorKind::kInvalidData, "location is missing"},
    {"location_is_number", ErrorKind::kInvalidData, "location is not a string"},
    {"no_schemas", ErrorKind::kInvalidData, "schemas is missing"},
    {"no_current_schema", ErrorKind::kInvalidData, "current-schema-id 9 is not in schemas"},
    {"duplicate_field_id", ErrorKind::kInvalidData, "id 1 of column grid_partition"},
    {"low_last_column_id", ErrorKind::kInvalidData, "last-column-id 2"},
    {"no_spec", ErrorKind::kInvalidData, "default-spec-id 3"},
    {"no_current_snapshot", ErrorKind::kInvalidData, "current-snapshot-id 1 is not in snapshots"},
    {"snapshot_twice", ErrorKind::kInvalidData, "is there twice"},
    {"snapshot_without_list", ErrorKind::kInvalidData, "snapshots[1]: manifest-list is missing"},
    {"low_last_sequence_number", ErrorKind::kInvalidData, "last-sequence-number 1"},
    {"id_too_large", ErrorKind::kInvalidData, "snapshot-id is not a 64-bit integer"},
    {"property_is_number", ErrorKind::kInvalidData, "properties: write.data.path is not a string"},
};

INSTANTIATE_TEST_SUITE_P(Files, BrokenMetadata, ::testing::ValuesIn(kBroken),
                         [](const auto& test) { return std::string(test.param.file); });

TEST(BrokenMetadata, EveryFixtureHasACase) {
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(std::string(kFolder) + "broken"))
    ++files;
  EXPECT_EQ(files, std::size(kBroken));
}

TEST(TableMetadata, LeavesRoomForWhatTheNextCommitCounts) {
  const std::string whole = to_json(parse_file("pyiceberg.metadata.json"));
  for (const std::string key : {"last-sequence-number", "last-column-id", "schema-id"}) {
    for (const char* number : {"-1", "2147483647", "9223372036854775807"}) {
      const bool is_fine = key == "last-sequence-number" && std::string_view(number) == "2147483647";
      const auto changed =
          std::regex_replace(whole, std::regex("\"" + key + "\":-?[0-9]+"), "\"" + key + "\":" + number);
      EXPECT_NE(changed, whole) << key;
      EXPECT_EQ(parse_table_metadata(changed, "m").has_value(), is_fine) << key << ' ' << number;
    }
  }
}

TEST(FreshIds, GoToTopLevelFieldsFirst) {
  const Schema schema = assign_fresh_ids(testing::small_schema());
  EXPECT_EQ(schema.find("id")->field_id, 1);
  EXPECT_EQ(schema.find("platform")->field_id, 6);
  EXPECT_EQ(schema.find("geometry_bbox")->type.fields.at(0).field_id, 7);
  EXPECT_EQ(schema.highest_field_id(), 8);
}

TEST(NameMapping, NamesAllColumnsAndKeepsOldNames) {
  Schema schema = assign_fresh_ids(
      {.schema_id = 0, .fields = {testing::column("b", TypeId::kLong), testing::column("c", TypeId::kLong)}});
  EXPECT_EQ(name_mapping_json(schema), R"([{"field-id":1,"names":["b"]},{"field-id":2,"names":["c"]}])");
  // Column 1 was called "a" and "c" before; "c" is another column's name now.
  EXPECT_EQ(name_mapping_json(schema, R"([{"field-id":1,"names":["a","c"]}])"),
            R"([{"field-id":1,"names":["a","b"]},{"field-id":2,"names":["c"]}])");
  EXPECT_EQ(name_mapping_json(schema, "nonsense"), name_mapping_json(schema));
}

TEST(NameMapping, GivesFieldsTheirNamesInFiles) {
  Schema schema = assign_fresh_ids(testing::small_schema());
  EXPECT_EQ(schema.fields[0].mapped_names, std::nullopt);
  set_mapped_names(schema, R"([{"field-id": 1, "names": ["a", "b"]}])");
  EXPECT_EQ(schema.fields[0].mapped_names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(schema.fields[1].mapped_names, std::vector<std::string>{});
  EXPECT_EQ(schema, assign_fresh_ids(testing::small_schema()));
  set_mapped_names(schema, "no mapping");
  EXPECT_EQ(schema.fields[0].mapped_names, std::nullopt);
}

TEST(NameMapping, NamesNestedFields) {
  EXPECT_THAT(
      name_mapping_json(assign_fresh_ids(testing::small_schema())),
      ::testing::HasSubstr(R"({"field-id":5,"names":["geometry_bbox"],"fields":[{"field-id":7,"names":["xmin"]},)"));
}

TEST(Properties, NonNumbersCountAsAbsent) {
  TableMetadata metadata;
  metadata.properties = {{"a", "12"}, {"b", "12x"}};
  EXPECT_EQ(metadata.property_as_int("a", 7), 12);
  EXPECT_EQ(metadata.property_as_int("b", 7), 7);
  EXPECT_EQ(metadata.property_as_int("c", 7), 7);
}

}  // namespace
}  // namespace earthcatalog::iceberg
