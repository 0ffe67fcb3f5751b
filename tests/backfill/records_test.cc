// The marker of a chunk, as JSON.
#include "earthcatalog/backfill/staging/records.h"

#include <gtest/gtest.h>

namespace earthcatalog::backfill {
namespace {

ChunkRecord some_record() {
  ChunkRecord record{.chunk = 7, .attempt = 1, .started = 5, .source_items = 3, .staged_items = 2};
  record.missing = 1;
  record.files = {
      {.partition = {"81f0bffffffffff", 2019}, .number = {.spill = 1, .file = 2}, .rows = 3, .bytes = 100, .items = 2},
      {.partition = {"__none__", std::nullopt}, .number = {}, .rows = 1, .bytes = 10, .items = 1}};
  record.items.fan_out = {{1, 1}, {2, 1}};
  return record;
}

TEST(ChunkRecord, ComesBackFromItsText) {
  const auto text = to_json_text(some_record());
  const auto record = parse_json<ChunkRecord>(text, "marker");
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(to_json_text(*record), text);
  ASSERT_EQ(record->files.size(), 2u);
  EXPECT_EQ(record->files[0].partition, (write::Partition{"81f0bffffffffff", 2019}));
  EXPECT_EQ(record->files[1].partition, (write::Partition{"__none__", std::nullopt}));
  EXPECT_EQ(record->files[0].number, (FileNumber{.spill = 1, .file = 2}));
  EXPECT_EQ(record->files[1].number, FileNumber());
  EXPECT_EQ(record->items.fan_out, some_record().items.fan_out);
}

TEST(ChunkRecord, NamesItsMembers) {
  const auto json = nlohmann::json(some_record());
  EXPECT_EQ(json["files"][0].dump(),
            R"({"bytes":100,"cell":"81f0bffffffffff","file":2,"items":2,"rows":3,"spill":1,"year":2019})");
  EXPECT_EQ(json["files"][1].dump(), R"({"bytes":10,"cell":"__none__","items":1,"rows":1,"year":null})");
  EXPECT_EQ(json["items"].dump(), R"({"fan_out":{"1":1,"2":1},"undated":0,"unlocated":0})");
}

TEST(ChunkRecord, CutShortAnywhereIsAnError) {
  const auto text = to_json_text(some_record());
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto record = parse_json<ChunkRecord>(text.substr(0, size), "marker");
    ASSERT_FALSE(record) << size;
    EXPECT_EQ(record.error().kind, ErrorKind::kInvalidData);
  }
}

TEST(ChunkRecord, AYearThatIsNoneIsAnError) {
  for (const auto& year : {nlohmann::json("2019"), nlohmann::json(2019.5), nlohmann::json::array()}) {
    auto json = nlohmann::json(some_record());
    json["files"][0]["year"] = year;
    EXPECT_FALSE(parse_json<ChunkRecord>(json.dump(), "marker")) << year;
  }
}

}  // namespace
}  // namespace earthcatalog::backfill
