// The lines between phase 2 and phase 3.
#include "earthcatalog/backfill/staging/ndjson_files.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "earthcatalog/backfill/staging/ndjson_line.h"

namespace earthcatalog::backfill {
namespace {

std::string line_of(const storage::ObjectRef& object, bool primary, std::string_view item) {
  std::string line;
  append_line(object, primary, item, line);
  return line;
}

// Keys with quotes, backslashes, line feeds, and with what stands before an item.
rc::Gen<std::string> any_key() {
  const auto piece =
      rc::gen::element<std::string>("a", "/", "\"", "\\", "\n", " ", ",\"item\":", "\xc3\xa9", "{", "}", "\x01");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const auto& pieces) {
    std::string key;
    for (const auto& one : pieces) key += one;
    return key;
  });
}

RC_GTEST_PROP(StagedRows, ALineGivesBackWhatItWasMadeOf, ()) {
  storage::ObjectRef object{.bucket = *any_key(), .key = *any_key()};
  if (*rc::gen::arbitrary<bool>()) object.last_modified = *rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000'000);
  const bool primary = *rc::gen::arbitrary<bool>();
  const std::string item = *rc::gen::element<std::string>("{}", R"({"id":"a,\"item\":"})", R"({"a":{"item":1}})");
  const auto line = line_of(object, primary, item);
  RC_ASSERT(std::ranges::count(line, '\n') == 1);
  RC_ASSERT(line.ends_with('\n'));
  const auto row = LineParser().parse(std::string_view(line).substr(0, line.size() - 1));
  RC_ASSERT(row.has_value());
  RC_ASSERT(row->object.bucket == object.bucket);
  RC_ASSERT(row->object.key == object.key);
  RC_ASSERT(row->object.last_modified == object.last_modified);
  RC_ASSERT(row->primary == primary);
  RC_ASSERT(row->item == item);
}

RC_GTEST_PROP(StagedRows, ASpoiltLineIsAnErrorOrALine, ()) {
  auto line = line_of({.bucket = "b", .key = "a/b.stac.json", .last_modified = 1'600'000'000'000'000}, true, "{}");
  line.pop_back();
  for (int n = *rc::gen::inRange(1, 6); n > 0; --n) {
    line[*rc::gen::inRange<std::size_t>(0, line.size())] = *rc::gen::arbitrary<char>();
  }
  if (*rc::gen::arbitrary<bool>()) line.resize(*rc::gen::inRange<std::size_t>(0, line.size()));
  const auto row = LineParser().parse(line);
  RC_ASSERT(row.has_value() || row.error().kind == ErrorKind::kInvalidData);
}

TEST(StagedRows, MembersOfOtherTypesAreAnError) {
  for (const char* line :
       {R"({"bucket":1,"key":"a","primary":true,"item":{}})", R"({"bucket":"b","key":null,"primary":true,"item":{}})",
        R"({"bucket":"b","key":"a","primary":"yes","item":{}})", R"([1,"item":{}})", "", "}"}) {
    const auto row = LineParser().parse(line);
    ASSERT_FALSE(row) << line;
    EXPECT_EQ(row.error().kind, ErrorKind::kInvalidData);
  }
}

}  // namespace
}  // namespace earthcatalog::backfill
