#include "earthcatalog/geoparquet/reader.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <thread>

#include "earthcatalog/geoparquet/writer.h"
#include "geoparquet/sample_rows.h"
#include "geoparquet/test_store.h"

namespace earthcatalog::geoparquet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Reading : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_file(where, {rows}, itslive_schema(), {}, {.row_group_rows = 10}));
    bytes = store->objects.at("f");
  }
  // Opens and reads everything; the first error.
  Status read(std::string content) {
    store->objects["f"] = std::move(content);
    EC_ASSIGN_OR_RETURN(const auto reader, FileReader::open(where));
    for (int i = 0; i < reader->row_groups(); ++i) EC_TRY(reader->read_row_group(i, {}));
    return {};
  }

  std::shared_ptr<TestStore> store = std::make_shared<TestStore>();
  storage::Location where{store, "f"};
  std::shared_ptr<arrow::RecordBatch> rows = itslive_rows(25);
  std::string bytes;
};

TEST_F(Reading, OneRowGroupAndSomeColumnsAtATime) {
  const auto reader = FileReader::open(where).value();
  EXPECT_EQ(reader->rows(), 25);
  EXPECT_EQ(reader->row_groups(), 3);
  EXPECT_EQ(reader->schema()->num_fields(), 31);
  EXPECT_EQ(reader->schema()->field(0)->metadata()->Get("PARQUET:field_id").ValueOrDie(), "1");
  const auto part = reader->read_row_group(2, {"geometry_bbox", "id", "no such column"}).value();
  EXPECT_THAT(part->schema()->field_names(), ElementsAre("id", "geometry_bbox"));
  EXPECT_EQ(part->num_rows(), 5);
  EXPECT_TRUE(part->column(0)->Equals(rows->column(0)->Slice(20)));
  EXPECT_TRUE(part->column(1)->Equals(rows->column(29)->Slice(20)));
}

TEST_F(Reading, WithoutAnyColumnThereAreStillRows) {
  const auto part = FileReader::open(where).value()->read_row_group(2, {"no such column"}).value();
  EXPECT_EQ(part->num_columns(), 0);
  EXPECT_EQ(part->num_rows(), 5);
}

TEST_F(Reading, ErrorsNameTheFile) {
  const auto missing = FileReader::open({store, "gone"});
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("test://store/gone"));
  const auto reader = FileReader::open(where).value();
  for (const int group : {-1, 3}) {
    const auto result = reader->read_row_group(group, {});
    EXPECT_EQ(result.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(result.error().message, HasSubstr("reading test://store/f"));
  }
}

TEST_F(Reading, AKnownSizeIsThatOfTheFile) {
  const auto size = std::ssize(bytes);
  EXPECT_EQ(FileReader::open(where, size).value()->rows(), 25);
  for (const auto wrong : {size - 1, size + 1}) {
    const auto reader = FileReader::open(where, wrong);
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().kind, ErrorKind::kInvalidData);
    EXPECT_THAT(reader.error().message, HasSubstr("test://store/f"));
  }
  const auto missing = FileReader::open({store, "gone"}, size);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
}

TEST_F(Reading, WhatIsNoParquetFileIsInvalidData) {
  for (const std::string& content : {std::string(), std::string("PAR1"), std::string("{}"), std::string(1'000, 'x'),
                                     std::string(100, '\0') + "PAR1", "PAR1" + bytes + "PARE"}) {
    const Status status = read(content);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kInvalidData) << status.error().message;
    EXPECT_THAT(status.error().message, HasSubstr("test://store/f"));
  }
}

TEST_F(Reading, ACutFileIsInvalidData) {
  for (std::size_t length = 0; length < bytes.size(); length += 61) {
    const Status status = read(bytes.substr(0, length));
    ASSERT_FALSE(status) << length;
    EXPECT_EQ(status.error().kind, ErrorKind::kInvalidData) << status.error().message;
  }
}

RC_GTEST_FIXTURE_PROP(Reading, FlippedBytesAreReadOrRefused, ()) {
  SetUp();
  std::string broken = bytes;
  const int flips = *rc::gen::inRange(1, 4);
  for (int i = 0; i < flips; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, broken.size());
    broken[at] = static_cast<char>(*rc::gen::inRange(0, 256));
  }
  (void)read(broken);
}

TEST_F(Reading, ReadersWorkSideBySide) {
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const auto reader = FileReader::open(where).value();
        good += reader->read_row_group(i % 3, {}).has_value() ? 1 : 0;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(good, 80);
}

}  // namespace
}  // namespace earthcatalog::geoparquet
