#include "earthcatalog/geoparquet/writer.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "earthcatalog/geoparquet/reader.h"
#include "geoparquet/sample_rows.h"
#include "geoparquet/test_store.h"
#include "support/temp_folder.h"

namespace earthcatalog::geoparquet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const iceberg::PartitionKey kPartition{.cell = "81063ffffffffff", .year_since_1970 = 48};

class Writing : public testing::Test {
 protected:
  Result<iceberg::DataFile> write(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                  const WriteOptions& options = {}) {
    store->objects.erase(where.key);  // a file is only created
    return write_file(where, batches, schema, kPartition, options);
  }
  // All rows of the file, in one batch without metadata.
  std::shared_ptr<arrow::RecordBatch> read_all() {
    const auto reader = FileReader::open(where).value();
    arrow::RecordBatchVector parts;
    for (int i = 0; i < reader->row_groups(); ++i)
      parts.push_back(conform(reader->read_row_group(i, {}).value(), schema).value());
    return arrow::ConcatenateRecordBatches(parts).ValueOrDie();
  }

  std::shared_ptr<TestStore> store = std::make_shared<TestStore>();
  storage::Location where{store, "cell/year=2018/part.parquet"};
  iceberg::Schema schema = itslive_schema();
};

TEST_F(Writing, RoundTripsRowsInFilesOfAnySize) {
  for (const int rows : {1, 12, 63, 64, 999, 1000, 7'001}) {
    SCOPED_TRACE(rows);
    const auto batch = itslive_rows(rows);
    const auto file = write({batch});
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->record_count, rows);
    EXPECT_TRUE(read_all()->Equals(*batch));
  }
}

// Every third value null, each column beginning elsewhere; in the struct also single members of rows that have one.
std::shared_ptr<arrow::RecordBatch> with_gaps(const std::shared_ptr<arrow::RecordBatch>& rows) {
  const auto gaps = [&](const std::shared_ptr<arrow::Array>& array, std::int64_t phase) {
    arrow::ArrayVector parts;
    for (std::int64_t i = 0; i < array->length(); ++i) {
      parts.push_back((i + phase) % 3 == 0 ? arrow::MakeArrayOfNull(array->type(), 1).ValueOrDie()
                                           : array->Slice(i, 1));
    }
    return arrow::Concatenate(parts).ValueOrDie();
  };
  auto result = rows;
  for (int i = 0; i < rows->num_columns(); ++i) {
    auto column = rows->column(i);
    if (const auto* box = dynamic_cast<const arrow::StructArray*>(column.get())) {
      arrow::ArrayVector members = box->fields();
      members[1] = gaps(members[1], 1);
      column = arrow::StructArray::Make(members, box->type()->fields()).ValueOrDie();
    }
    result = with_column(result, rows->column_name(i), gaps(column, i));
  }
  return result;
}

TEST_F(Writing, NullsComeBackAsNulls) {
  for (const int rows : {1, 2, 20, 1'500}) {
    SCOPED_TRACE(rows);
    const auto batch = with_gaps(itslive_rows(rows));
    const auto file = write({batch->Slice(0, rows / 2), batch->Slice(rows / 2)});
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_TRUE(read_all()->Equals(*batch));
  }
}

TEST_F(Writing, DescribesTheFileThatItWrote) {
  const auto file = write({itslive_rows(100)});
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->file_path, "test://store/cell/year=2018/part.parquet");
  EXPECT_EQ(file->partition, kPartition);
  EXPECT_EQ(file->file_size_in_bytes, std::int64_t(store->objects.at(where.key).size()));
  EXPECT_THAT(file->split_offsets, ElementsAre(4));
}

TEST_F(Writing, BatchesOfAnyLengthAreCutIntoRowGroups) {
  const auto rows = itslive_rows(50);
  const auto file =
      write({rows->Slice(0, 3), rows->Slice(3, 0), rows->Slice(3, 30), rows->Slice(33)}, {.row_group_rows = 16});
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(read_all()->Equals(*rows));
  const auto reader = FileReader::open(where).value();
  ASSERT_EQ(reader->row_groups(), 4);
  EXPECT_EQ(reader->read_row_group(3, {})->get()->num_rows(), 2);
  EXPECT_EQ(file->split_offsets.size(), 4U);
  EXPECT_TRUE(std::ranges::is_sorted(file->split_offsets));
}

TEST_F(Writing, OneRowGroupIsPutAtOnceMoreAreStreamed) {
  ASSERT_TRUE(write({itslive_rows(16)}, {.row_group_rows = 16}));
  EXPECT_EQ(store->puts, 1);
  EXPECT_EQ(store->streams, 0);
  ASSERT_TRUE(write({itslive_rows(17)}, {.row_group_rows = 16}));
  EXPECT_EQ(store->puts, 1);
  EXPECT_EQ(store->streams, 1);
}

TEST_F(Writing, RefusesNoRowsAndTooManyRows) {
  EXPECT_EQ(write({}).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(write({itslive_rows(0)}).error().kind, ErrorKind::kInvalidArgument);
  ASSERT_TRUE(write({itslive_rows(8)}, {.row_group_rows = 2}));
  store->objects.clear();
  const auto too_many = write({itslive_rows(9)}, {.row_group_rows = 2});
  EXPECT_EQ(too_many.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(too_many.error().message,
              HasSubstr("test://store/cell/year=2018/part.parquet: 9 rows, and a file holds 8"));
  EXPECT_THAT(store->objects, IsEmpty());
}

TEST_F(Writing, RefusesColumnsThatAreNotTheSchemas) {
  const auto rows = itslive_rows(3);
  const auto fewer = write({rows->RemoveColumn(4).ValueOrDie()});
  EXPECT_EQ(fewer.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(fewer.error().message, HasSubstr("30 columns"));
  const auto renamed = rows->RenameColumns([&] {
                             auto names = rows->schema()->field_names();
                             names[4] = "Platform";
                             return names;
                           }())
                           .ValueOrDie();
  EXPECT_THAT(write({renamed}).error().message, HasSubstr("column 5"));
  const auto retyped = with_column(rows, "platform", arrow::MakeArrayOfNull(arrow::int64(), 3).ValueOrDie());
  EXPECT_THAT(write({retyped}).error().message, HasSubstr("int64"));
  EXPECT_THAT(store->objects, IsEmpty());
}

TEST_F(Writing, RefusesNullsInARequiredColumn) {
  schema.fields[4].required = true;
  const auto rows = itslive_rows(3);
  ASSERT_TRUE(write({rows}));
  const auto nulls = with_column(rows, "platform", arrow::MakeArrayOfNull(arrow::utf8(), 3).ValueOrDie());
  EXPECT_THAT(write({nulls}).error().message, HasSubstr("\"platform\""));
}

TEST_F(Writing, NamesTheRowOfAMalformedGeometry) {
  const auto rows = itslive_rows(2);
  arrow::BinaryBuilder builder;
  ASSERT_TRUE(builder.AppendValues({ring_wkb(0, 0, 1), "\x01\x03"}).ok());
  const auto broken = with_column(rows, "geometry", builder.Finish().ValueOrDie());
  const auto result = write({broken});
  EXPECT_EQ(result.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(result.error().message, HasSubstr("row 1"));
}

TEST_F(Writing, RefusesOptionsThatMakeNoSense) {
  for (const WriteOptions& options : {WriteOptions{.row_group_rows = 0}, WriteOptions{.max_row_groups = 0},
                                      WriteOptions{.zstd_level = 0}, WriteOptions{.zstd_level = 20}}) {
    EXPECT_EQ(FileWriter::make(schema, options).error().kind, ErrorKind::kInvalidArgument);
  }
  EXPECT_TRUE(FileWriter::make(schema, {.zstd_level = 19}));
}

TEST_F(Writing, AFailedPutLeavesNothingAndKeepsItsKind) {
  store->put_error = Error{ErrorKind::kPermissionDenied, "writing test://store/cell/year=2018/part.parquet: 403"};
  const auto result = write({itslive_rows(3)});
  EXPECT_EQ(result.error().kind, ErrorKind::kPermissionDenied);
  EXPECT_EQ(result.error().message, store->put_error->message);
  EXPECT_THAT(store->objects, IsEmpty());
}

TEST_F(Writing, FullDiskLeavesNothing) {
  const auto rows = itslive_rows(40);
  const auto whole = write({rows}, {.row_group_rows = 10});
  ASSERT_TRUE(whole);
  store->objects.clear();
  for (std::int64_t capacity = 0; capacity < whole->file_size_in_bytes; capacity += 997) {
    SCOPED_TRACE(capacity);
    store->stream_capacity_bytes = capacity;
    const auto result = write({rows}, {.row_group_rows = 10});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::kIOError);
    EXPECT_THAT(result.error().message, HasSubstr("No space left on device"));
    EXPECT_THAT(result.error().message, HasSubstr("test://store/cell/year=2018/part.parquet"));
    EXPECT_THAT(store->objects, IsEmpty());
  }
}

TEST_F(Writing, AWriterServesManyFiles) {
  const auto writer = FileWriter::make(schema, {}).value();
  for (const int rows : {5, 70, 1'200}) {
    store->objects.clear();
    const auto file = writer.write(where, {itslive_rows(rows)}, kPartition);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->record_count, rows);
    EXPECT_TRUE(read_all()->Equals(*itslive_rows(rows)));
  }
}

// Bounds and footer must come out the same when no batch outlives its append().
TEST_F(Writing, StreamedRowsMakeTheSameFile) {
  const auto writer = FileWriter::make(schema, {.row_group_rows = 20}).value();
  for (const int rows : {1, 19, 20, 21, 79, 80}) {
    SCOPED_TRACE(rows);
    const auto whole = writer.write({store, "whole"}, {itslive_rows(rows)}, kPartition).value();
    auto stream = writer.open({store, "stream"}, kPartition, rows).value();
    for (int first = 0; first < rows; first += 7) {
      const auto all = itslive_rows(rows);
      const auto part = arrow::ConcatenateRecordBatches({all->Slice(first, 7)}).ValueOrDie();
      ASSERT_TRUE(stream.append(part));
    }
    EXPECT_FALSE(store->objects.contains("stream"));
    auto file = stream.finish();
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(store->objects.at("stream"), store->objects.at("whole"));
    EXPECT_EQ(file->file_path, "test://store/stream");
    file->file_path = whole.file_path;
    EXPECT_EQ(*file, whole);
    store->objects.clear();
  }
}

// A put of one row group, and a stream.
TEST_F(Writing, TakenNameIsLeftForTheNext) {
  const auto writer = FileWriter::make(schema, {.row_group_rows = 10}).value();
  for (const int rows : {5, 25}) {
    SCOPED_TRACE(rows);
    store->objects = {{"0", "of another run"}, {"1", "of another run"}};
    int asked = 0;
    const auto next = [&]() -> Result<storage::Location> { return storage::Location{store, std::to_string(asked++)}; };
    const auto file = writer.write(next, {itslive_rows(rows)}, kPartition);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->file_path, "test://store/2");
    EXPECT_EQ(file->file_size_in_bytes, std::ssize(store->objects.at("2")));
    EXPECT_EQ(store->objects.at("0"), "of another run");
    EXPECT_EQ(store->objects.at("1"), "of another run");
    const auto only = writer.write({store, "0"}, {itslive_rows(rows)}, kPartition);
    ASSERT_FALSE(only);
    EXPECT_EQ(only.error().kind, ErrorKind::kAlreadyExists);
    EXPECT_THAT(only.error().message, HasSubstr("test://store/0"));
  }
}

TEST_F(Writing, AStreamTakesAsManyRowsAsWereAnnounced) {
  const auto writer = FileWriter::make(schema, {.row_group_rows = 10}).value();
  for (const int announced : {5, 25}) {
    auto more = writer.open(where, kPartition, announced).value();
    ASSERT_TRUE(more.append(itslive_rows(announced)));
    EXPECT_EQ(more.append(itslive_rows(1)).error().kind, ErrorKind::kInvalidArgument);
    auto fewer = writer.open(where, kPartition, announced).value();
    ASSERT_TRUE(fewer.append(itslive_rows(announced - 1)));
    const auto result = fewer.finish();
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("part.parquet"));
  }
  EXPECT_EQ(writer.open(where, kPartition, writer.max_rows() + 1).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(store->objects, IsEmpty());
}

TEST(WritingAtOnce, ThreadsShareAWriterAndMakeTheSameBytes) {
  const auto writer = FileWriter::make(itslive_schema(), {}).value();
  const auto bytes = [&](int rows) {
    const auto store = std::make_shared<TestStore>();
    const auto file = writer.write({store, "f"}, {itslive_rows(rows)}, kPartition);
    return file ? store->objects.at("f") : file.error().message;
  };
  const std::vector<std::string> expected = {bytes(12), bytes(200), bytes(1'100)};
  std::atomic<int> same = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 5; ++i) {
          same += bytes(12) == expected[0] && bytes(200) == expected[1] && bytes(1'100) == expected[2] ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(same, 20);
}

TEST(WritingLocally, AFileAppearsUnderItsUri) {
  const testing_support::TempFolder folder;
  storage::Stores stores({});
  const auto where = stores.locate(folder / "cell/a b.parquet").value();
  const auto file = write_file(where, {itslive_rows(40)}, itslive_schema(), kPartition, {.row_group_rows = 10});
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->file_path, where.uri());
  EXPECT_EQ(file->file_size_in_bytes, std::int64_t(std::filesystem::file_size(folder / "cell/a b.parquet")));
  const auto reader = FileReader::open(where, file->file_size_in_bytes);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->rows(), 40);
}

TEST(WritingLocally, UnwritableFolderIsAnErrorThatNamesTheFile) {
  const testing_support::TempFolder folder;
  std::ofstream(folder / "file") << "not a folder";
  storage::Stores stores({});
  const auto where = stores.locate(folder / "file/a.parquet").value();
  for (const int rows : {3, 40}) {
    const auto result = write_file(where, {itslive_rows(rows)}, itslive_schema(), kPartition, {.row_group_rows = 10});
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr(where.uri()));
  }
  if (::geteuid() == 0) return;  // root may write anywhere
  ASSERT_EQ(::chmod(folder.path().c_str(), 0500), 0);
  const auto denied = stores.locate(folder / "b.parquet").value();
  EXPECT_EQ(write_file(denied, {itslive_rows(3)}, itslive_schema(), kPartition, {}).error().kind,
            ErrorKind::kPermissionDenied);
}

}  // namespace
}  // namespace earthcatalog::geoparquet
