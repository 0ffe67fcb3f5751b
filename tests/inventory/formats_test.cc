// The same objects through every format, in every type that writers choose.
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "inventory/helpers.h"

namespace earthcatalog::inventory {
namespace {

using storage::ObjectRef;

std::string key_text() {
  const auto letters = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "a", "/", ",", "\"", "\n", "\r\n", "'", " ", "+", "%", "%20", "é", "漢", "🌍", "\\", "&", "=", "?", "#", ".."));
  std::string out;
  for (const auto& letter : letters) out += letter;
  return out + ".stac.json";
}

std::vector<ObjectRef> any_objects() {
  std::vector<ObjectRef> objects(*rc::gen::inRange<std::size_t>(0, 40));
  for (auto& object : objects) {
    object.bucket = *rc::gen::element<std::string>("its-live-data", "b.c_D", "123");
    object.key = key_text();
    if (*rc::gen::arbitrary<bool>()) object.size_bytes = *rc::gen::inRange<std::int64_t>(0, 2'000'000'000);
    // Whole seconds, 1930 to 2090: what every unit can hold.
    if (*rc::gen::arbitrary<bool>()) {
      object.last_modified = *rc::gen::inRange<std::int64_t>(-1'262'304'000, 3'786'912'000) * kMicrosPerSecond;
    }
    if (*rc::gen::arbitrary<bool>()) object.etag = "d41d8cd98f00b204e9800998ecf8427e-12";
  }
  return objects;
}

class FormatsTest : public InventoryTest {
 public:
  void TestBody() override {}
  void expect(std::string_view name, const std::string& bytes, const std::vector<ObjectRef>& objects) {
    put(name, bytes);
    const auto all = read(name);
    if (!all) RC_FAIL(all.error().message);
    RC_ASSERT(*all == objects);
  }
};

RC_GTEST_PROP(Formats, CsvGivesBackWhatWasWritten, ()) {
  const auto objects = any_objects();
  FormatsTest test;
  test.expect("i.csv", to_csv(objects), objects);
  test.expect("i.csv.gz", gzip(to_csv(objects)), objects);
  if (objects.empty()) return;
  // Columns as AWS orders them, with the e_tag that has no place in a bare CSV taken away.
  auto bare = objects;
  for (auto& object : bare) object.etag.clear();
  test.expect("aws.csv", to_aws_csv(objects), bare);
  test.expect("aws.csv.gz", gzip(to_aws_csv(objects)), bare);
}

RC_GTEST_PROP(Formats, ParquetGivesBackWhatWasWritten, ()) {
  using Text = TableTypes::Text;
  using Time = TableTypes::Time;
  const auto objects = any_objects();
  const TableTypes types{
      .text = *rc::gen::element(Text::kString, Text::kLargeString, Text::kDictionary, Text::kStringView),
      .time = *rc::gen::element(Time::kString, Time::kSeconds, Time::kMillis, Time::kMicros, Time::kNanos,
                                Time::kMicrosUtc),
      .size_int32 = *rc::gen::arbitrary<bool>(),
      .row_group_rows = *rc::gen::inRange<std::int64_t>(1, 50)};
  FormatsTest test;
  test.expect("i.parquet", to_parquet(*to_table(objects, types), types.row_group_rows), objects);
}

RC_GTEST_PROP(Formats, OrcGivesBackWhatWasWritten, ()) {
  using Time = TableTypes::Time;
  const auto objects = any_objects();
  const TableTypes types{.time = *rc::gen::element(Time::kString, Time::kNanos, Time::kMicrosUtc),
                         .size_int32 = *rc::gen::arbitrary<bool>()};
  FormatsTest test;
  test.expect("i.orc", to_orc(*to_table(objects, types)), objects);
}

TEST_F(InventoryTest, ManyRowGroupsAndBatches) {
  std::vector<ObjectRef> objects;
  for (int i = 0; i < 50'000; ++i) {
    objects.push_back({i % 3 == 0 ? "b" : "c", fmt::format("folder/{}.stac.json", i), i, i * kMicrosPerSecond, "e"});
  }
  const auto table = to_table(objects, {});
  put("i.parquet", to_parquet(*table, 7'000));
  put("i.orc", to_orc(*table));
  put("i.csv.gz", gzip(to_csv(objects)));
  for (const char* name : {"i.parquet", "i.orc", "i.csv.gz"}) {
    const auto all = read(name);
    ASSERT_TRUE(all.has_value()) << all.error().message;
    EXPECT_TRUE(*all == objects) << name;
  }
}

}  // namespace
}  // namespace earthcatalog::inventory
