// A file described from its footer, against what its writer said of it.
#include "earthcatalog/geoparquet/footer.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <parquet/arrow/writer.h>

#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/storage/memory_store.h"
#include "geoparquet/sample_rows.h"

namespace earthcatalog::geoparquet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class FooterTest : public ::testing::Test {
 protected:
  storage::Location where_{.store = std::make_shared<storage::MemoryStore>("m"), .key = "f.parquet"};
  const iceberg::PartitionKey partition_{.cell = "81063ffffffffff", .year_since_1970 = 48};

  std::unique_ptr<FileReader> open() { return FileReader::open(where_).value(); }

  // `rows` by another writer, as Arrow writes them.
  std::int64_t write_plain(const std::shared_ptr<arrow::RecordBatch>& rows) {
    const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    const auto table = arrow::Table::FromRecordBatches({rows}).ValueOrDie();
    EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 1000).ok());
    const auto bytes = sink->Finish().ValueOrDie()->ToString();
    EXPECT_TRUE(where_.store->put(where_.key, bytes));
    return static_cast<std::int64_t>(bytes.size());
  }
};

TEST_F(FooterTest, SaysWhatTheWriterSaid) {
  const auto schema = itslive_schema();
  for (const std::int64_t rows : {1, 70, 2500}) {
    ASSERT_TRUE(where_.store->remove({&where_.key, 1}));
    const auto written = write_file(where_, {itslive_rows(rows)}, schema, partition_, {.row_group_rows = 1000}).value();
    auto described = describe_file(*open(), written.file_size_in_bytes, schema, partition_).value();
    EXPECT_EQ(described.file_path, written.file_path);
    EXPECT_EQ(described.record_count, rows);
    EXPECT_EQ(described.split_offsets, written.split_offsets);
    EXPECT_EQ(described.value_counts, written.value_counts);
    EXPECT_EQ(described.column_sizes, written.column_sizes);
    EXPECT_EQ(described.lower_bounds, written.lower_bounds);
    EXPECT_EQ(described.upper_bounds, written.upper_bounds);
    for (const auto& [id, nulls] : described.null_value_counts) EXPECT_EQ(nulls, written.null_value_counts.at(id));
    EXPECT_EQ(described.partition, partition_);
  }
}

TEST_F(FooterTest, GivesTheColumnsWithTheirIds) {
  const auto schema = itslive_schema();
  const auto written = write_file(where_, {itslive_rows(10)}, schema, partition_, {}).value();
  const auto found = file_schema(*open()).value();
  EXPECT_TRUE(found.has_field_ids);
  EXPECT_EQ(found.rows, 10);
  EXPECT_EQ(found.schema.fields, schema.fields);
}

TEST_F(FooterTest, OfAFileWithoutIdsByName) {
  const auto schema = itslive_schema();
  const auto rows = itslive_rows(100);
  const auto written = write_file(where_, {rows}, schema, partition_, {}).value();
  const auto size = write_plain(rows);
  const auto found = file_schema(*open()).value();
  EXPECT_FALSE(found.has_field_ids);
  ASSERT_EQ(found.schema.fields.size(), schema.fields.size());
  EXPECT_EQ(found.schema.fields[3].type.id, schema.fields[3].type.id);
  const auto described = describe_file(*open(), size, schema, partition_).value();
  EXPECT_EQ(described.lower_bounds, written.lower_bounds);
  EXPECT_EQ(described.upper_bounds, written.upper_bounds);
}

TEST_F(FooterTest, NamesAFileWithAColumnThatNoTableHas) {
  const auto type = arrow::list(arrow::int64());
  write_plain(arrow::RecordBatch::Make(arrow::schema({arrow::field("many", type)}), 1,
                                       {arrow::MakeArrayOfNull(type, 1).ValueOrDie()}));
  const auto found = file_schema(*open());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(found.error().message, AllOf(HasSubstr("f.parquet"), HasSubstr("\"many\"")));
}

}  // namespace
}  // namespace earthcatalog::geoparquet
