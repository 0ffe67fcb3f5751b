// Staged lines as rows of the table, however long the file is.
#include "earthcatalog/backfill/staging/ndjson_source.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "earthcatalog/catalog/table_schema.h"
#include "support/temp_folder.h"

namespace earthcatalog::backfill {
namespace {

constexpr Attempt kAttempt{.chunk = 4, .number = 0};

class LinesSourceTest : public testing::Test {
 protected:
  storage::ObjectRef object(int number) const { return {.bucket = "b", .key = fmt::format("{}.stac.json", number)}; }

  // `count` items with `filler` bytes each.
  void stage(int count, std::size_t filler) {
    std::string text;
    for (int n = 0; n < count; ++n) {
      const auto item = fmt::format(
          R"({{"type":"Feature","stac_version":"1.0.0","id":"item-{}","collection":"c","geometry":{{"type":"Point","coordinates":[1,2]}},)"
          R"("properties":{{"datetime":"2019-01-{:02}T00:00:00Z","platform":"P","note":"{}"}},"links":[],"assets":{{}}}})",
          n, n % 28 + 1, std::string(filler, 'x'));
      append_line(object(n), n % 2 == 0, item, text);
    }
    ASSERT_TRUE(staging_.write(staging_.rows(bucket_, kAttempt, {}), text));
    file_ = {.partition = bucket_, .number = {}, .rows = count, .bytes = std::ssize(text), .items = (count + 1) / 2};
  }

  // The ids of all rows and how many are primary.
  Result<std::pair<std::set<std::string>, std::int64_t>> read(std::int64_t batch_rows,
                                                              std::unordered_set<Hash128> dropped = {}) {
    LinesSource source(staging_, file_, kAttempt, std::move(dropped), items_);
    EC_ASSIGN_OR_RETURN(const auto stream, source.read(table_, batch_rows));
    std::pair<std::set<std::string>, std::int64_t> found;
    for (;;) {
      EC_ASSIGN_OR_RETURN(const auto rows, stream->next());
      if (!rows) return found;
      EXPECT_LE(rows->num_rows(), batch_rows);
      const auto& ids = static_cast<const arrow::StringArray&>(*rows->GetColumnByName("id"));
      const auto& cells = static_cast<const arrow::StringArray&>(*rows->GetColumnByName("grid_partition"));
      for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
        EXPECT_TRUE(found.first.insert(ids.GetString(row)).second);
        EXPECT_EQ(cells.GetString(row), bucket_.cell);
      }
      found.second += static_cast<const arrow::BooleanArray&>(*rows->GetColumnByName("grid_primary")).true_count();
    }
  }

  testing_support::TempFolder folder_;
  storage::Stores stores_{{}};
  Staging staging_{stores_, folder_.path()};
  write::Partition bucket_{"81f0bffffffffff", 2019};
  StagedFile file_;
  std::shared_ptr<const stac::ItemSchema> items_ =
      std::make_shared<const stac::ItemSchema>(stac::initial_schema(stac::SchemaKind::kAuto));
  iceberg::Schema table_ = catalog::iceberg_schema(*items_);
};

// 13 MB: lines lie across the pieces that are read at a time.
TEST_F(LinesSourceTest, GivesEveryRowOnce) {
  stage(1'000, 13'000);
  for (const std::int64_t batch_rows : {1, 7, 1'000, 5'000}) {
    const auto found = read(batch_rows);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->first.size(), 1'000u);
    EXPECT_EQ(found->second, 500);
  }
}

TEST_F(LinesSourceTest, ALineLargerThanAPiece) {
  stage(3, 6 << 20);
  const auto found = read(100);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->first, (std::set<std::string>{"item-0", "item-1", "item-2"}));
}

TEST_F(LinesSourceTest, LeavesOutWhatDoesNotCount) {
  stage(10, 10);
  const auto dropped = object(4);
  const auto found = read(3, {object_hash(dropped.bucket, dropped.key)});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->first.size(), 9u);
  EXPECT_FALSE(found->first.contains("item-4"));
}

TEST_F(LinesSourceTest, AllLeftOutIsTheEnd) {
  stage(1, 10);
  const auto found = read(3, {object_hash("b", object(0).key)});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->first.empty());
}

TEST_F(LinesSourceTest, AFileThatIsNotWhatItsChunkWroteIsNamed) {
  const auto uri = staging_.rows(bucket_, kAttempt, {});
  stage(10, 10);
  const auto text = staging_.read(uri).value().value();
  const auto expect_error = [&](const char* what) {
    const auto found = read(100);
    ASSERT_FALSE(found) << what;
    EXPECT_EQ(found.error().kind, ErrorKind::kInvalidData);
    EXPECT_NE(found.error().message.find(uri), std::string::npos) << found.error().message;
  };
  ASSERT_TRUE(staging_.write(uri, text.substr(0, text.size() / 2)));
  expect_error("cut short");
  ASSERT_TRUE(staging_.write(uri, text));
  file_.rows = 11;
  expect_error("fewer lines");
  file_.rows = 10;
  auto spoilt = text;
  spoilt[spoilt.find("item-5") - 6] = '#';
  ASSERT_TRUE(staging_.write(uri, spoilt));
  expect_error("no item");
  std::string joined = text;
  joined.back() = ' ';
  ASSERT_TRUE(staging_.write(uri, joined));
  expect_error("no line feed at the end");
  ASSERT_TRUE(staging_.remove(uri));
  const auto gone = read(100);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace earthcatalog::backfill
