#include "earthcatalog/geoparquet/reader.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <rapidcheck/gtest.h>

#include <thread>

#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"
#include "geoparquet/sample_rows.h"
#include "geoparquet/test_store.h"

namespace earthcatalog::geoparquet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Reading : public testing::Test {
 protected:
  void SetUp() override {
    store->objects.clear();
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

// A file as another engine writes it, at `key` of the store.
std::int64_t write_plain(TestStore& store, const std::string& key, const arrow::FieldVector& fields,
                         const arrow::ArrayVector& columns) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto table = arrow::Table::Make(arrow::schema(fields), columns);
  EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 10).ok());
  store.objects[key] = sink->Finish().ValueOrDie()->ToString();
  return static_cast<std::int64_t>(store.objects[key].size());
}

std::shared_ptr<arrow::Field> field_with_id(const std::string& name, const std::shared_ptr<arrow::DataType>& type,
                                            int id) {
  return arrow::field(name, type, true, arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(id)}));
}

std::shared_ptr<arrow::Array> texts(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> longs(const std::vector<std::int64_t>& values) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}

TEST_F(Reading, RowsOfATableHaveItsColumns) {
  const iceberg::Schema wanted{.fields = {{.field_id = 77, .name = "new"}, itslive_schema().fields[0]}};
  const auto part = FileReader::open(where).value()->read_rows(2, wanted).value();
  EXPECT_THAT(part->schema()->field_names(), ElementsAre("new", "id"));
  EXPECT_EQ(part->column(0)->null_count(), 5);
  EXPECT_TRUE(part->column(1)->Equals(rows->column(0)->Slice(20)));
  const auto reader = FileReader::open(where).value();
  const auto stream = reader->stream_rows({.fields = {{.field_id = 77, .name = "new"}}}, 10);
  std::int64_t count = 0;
  for (auto batch = stream->next().value(); batch; batch = stream->next().value()) count += batch->num_rows();
  EXPECT_EQ(count, 25);
}

TEST_F(Reading, FieldIdsOutrankNamesEscapedByAvro) {
  write_plain(*store, "plain",
              {field_with_id("proj_x3Acode", arrow::utf8(), 8), field_with_id("_2nd", arrow::int64(), 9),
               field_with_id("a_x41_x3", arrow::int64(), 10)},
              {texts({"x"}), longs({1}), longs({2})});
  const auto reader = FileReader::open({store, "plain"}).value();
  EXPECT_THAT(reader->schema()->field_names(), ElementsAre("proj:code", "2nd", "a_x41_x3"));
  const auto raw = reader->read_row_group(0, {"proj:code", "a_x41_x3"}).value();
  EXPECT_THAT(raw->schema()->field_names(), ElementsAre("proj:code", "a_x41_x3"));
  const iceberg::Schema renamed{.fields = {{.field_id = 8, .name = "projection"}}};
  EXPECT_TRUE(reader->read_rows(0, renamed).value()->column(0)->Equals(texts({"x"})));
}

TEST_F(Reading, WithoutFieldIdsTheNameMappingDecides) {
  write_plain(*store, "plain", {arrow::field("old", arrow::utf8()), arrow::field("a", arrow::utf8())},
              {texts({"x"}), texts({"y"})});
  const auto reader = FileReader::open({store, "plain"}).value();
  iceberg::Schema schema{.fields = {{.field_id = 1, .name = "a"}, {.field_id = 2, .name = "b"}}};
  auto part = reader->read_rows(0, schema).value();
  EXPECT_TRUE(part->column(0)->Equals(texts({"y"})));
  EXPECT_EQ(part->column(1)->null_count(), 1);
  iceberg::set_mapped_names(schema, R"([{"field-id": 2, "names": ["old", "b"]}])");
  part = reader->read_rows(0, schema).value();
  EXPECT_EQ(part->column(0)->null_count(), 1);
  EXPECT_TRUE(part->column(1)->Equals(texts({"x"})));
}

class ReadingWithDeletes : public Reading {
 protected:
  // The file, with delete files of these rows of "f" and of another file.
  iceberg::DataFile file_without(const std::vector<std::vector<std::int64_t>>& deletes) {
    iceberg::DataFile file;
    file.file_path = "memory://deletes/f";
    file.record_count = 25;
    file.file_size_in_bytes = static_cast<std::int64_t>(bytes.size());
    const auto put = [&](const std::string& name, const std::string& content) {
      const auto at = stores.locate("memory://deletes/" + name).value();
      EXPECT_TRUE(at.store->put(at.key, content));
    };
    put("f", bytes);
    for (const auto& positions : deletes) {
      std::vector<std::string> paths(positions.size(), file.file_path);
      std::vector<std::int64_t> all = positions;
      paths.emplace_back("memory://deletes/g");
      all.push_back(3);
      const auto size = write_plain(
          *store, "deletes",
          {field_with_id("file_path", arrow::utf8(), 2147483546), field_with_id("pos", arrow::int64(), 2147483545)},
          {texts(paths), longs(all)});
      const std::string name = "d" + std::to_string(file.deletes.size());
      put(name, store->objects.at("deletes"));
      file.deletes.push_back(
          {.file_path = "memory://deletes/" + name, .file_size_in_bytes = size, .record_count = std::ssize(all)});
    }
    return file;
  }

  std::vector<std::string> ids_of(RowStream& stream) {
    std::vector<std::string> ids;
    for (auto batch = stream.next().value(); batch; batch = stream.next().value()) {
      EXPECT_GT(batch->num_rows(), 0);
      const auto& column = static_cast<const arrow::StringArray&>(*batch->column(0));
      for (std::int64_t i = 0; i < column.length(); ++i) ids.push_back(column.GetString(i));
    }
    return ids;
  }

  storage::Stores stores{{}};
  const iceberg::Schema id{.fields = {itslive_schema().fields[0]}};
};

TEST_F(ReadingWithDeletes, DeletedRowsArePassedOverByEveryRead) {
  // The whole second row group, some rows twice, and one that the file has not.
  const auto file = file_without({{0, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, {9, 24, 25}});
  const auto reader = FileReader::open(stores, file).value();
  EXPECT_EQ(reader->rows(), 25);
  EXPECT_EQ(reader->live_rows(), 12);
  std::vector<std::string> expected;
  const auto& all = static_cast<const arrow::StringArray&>(*rows->column(0));
  for (const int row : {1, 2, 3, 4, 5, 6, 7, 8, 20, 21, 22, 23}) expected.push_back(all.GetString(row));
  EXPECT_EQ(ids_of(*reader->stream_rows(id, 4)), expected);
  EXPECT_EQ(reader->read_rows(1, id).value()->num_rows(), 0);
  EXPECT_EQ(reader->read_rows(2, id).value()->num_rows(), 4);
  EXPECT_EQ(reader->read_row_group(0, {}).value()->num_rows(), 8);
  EXPECT_EQ(reader->read_rows(0, {}).value()->num_rows(), 8);
}

TEST_F(ReadingWithDeletes, AMissingDeleteFileIsNamed) {
  auto file = file_without({{1}});
  file.deletes[0].file_path = "memory://deletes/gone";
  const auto reader = FileReader::open(stores, file);
  ASSERT_FALSE(reader);
  EXPECT_THAT(reader.error().message, HasSubstr("memory://deletes/gone"));
}

}  // namespace
}  // namespace earthcatalog::geoparquet
