#include "earthcatalog/write/remove_rows.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include <random>

#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/geoparquet/reader.h"

namespace earthcatalog::write {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const write::Partition kBucket{.cell = "81063ffffffffff", .year = 2020};

class Rewriting : public ::testing::Test {
 protected:
  // Rows [first, first + count) of a file: ids "0", "1", ... and `text_bytes` of text that does not compress.
  std::shared_ptr<arrow::RecordBatch> rows(std::int64_t first, std::int64_t count, std::size_t text_bytes) {
    arrow::StringBuilder ids, texts;
    std::string text(text_bytes, ' ');
    for (std::int64_t i = first; i < first + count; ++i) {
      for (char& c : text) c = static_cast<char>('!' + random_() % 90);
      EXPECT_TRUE(ids.Append(std::to_string(i)).ok());
      EXPECT_TRUE(texts.Append(text).ok());
    }
    const auto few = arrow::RecordBatch::Make(
        arrow::schema({arrow::field("id", arrow::utf8()), arrow::field("assets", arrow::utf8())}), count,
        {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
    return geoparquet::conform(few, schema_).value();
  }

  // A file with these many rows in each row group.
  iceberg::DataFile write(std::int64_t row_group_rows, int row_groups, std::size_t text_bytes = 10) {
    const auto writer =
        geoparquet::FileWriter::make(schema_, {.row_group_rows = row_group_rows, .max_row_groups = row_groups}).value();
    const auto where = stores_.locate("memory://w/old.parquet").value();
    auto stream = writer.open(where, write::partition_key(kBucket), row_group_rows * row_groups).value();
    for (int i = 0; i < row_groups; ++i) {
      EXPECT_TRUE(stream.append(rows(i * row_group_rows, row_group_rows, text_bytes)));
    }
    return stream.finish().value();
  }

  Result<write::RemovedRows> without(const iceberg::DataFile& file, const std::vector<std::int64_t>& ids) {
    write::Removals removals;
    for (const auto id : ids) removals[kBucket].insert(identity_hash("", std::to_string(id)));
    return write::remove_rows(stores_, {file}, removals, names_, writer_, {.computing = 2, .under_way = 2});
  }

  std::unique_ptr<geoparquet::FileReader> open(const iceberg::DataFile& file) {
    return geoparquet::FileReader::open(stores_.locate(file.file_path).value(), file.file_size_in_bytes).value();
  }
  std::vector<std::int64_t> ids_of(const iceberg::DataFile& file) {
    std::vector<std::int64_t> ids;
    const auto reader = open(file);
    for (int group = 0; group < reader->row_groups(); ++group) {
      const auto batch = reader->read_row_group(group, {"id"}).value();
      const auto& column = static_cast<const arrow::StringArray&>(*batch->column(0));
      for (std::int64_t i = 0; i < column.length(); ++i) ids.push_back(std::stoll(column.GetString(i)));
    }
    return ids;
  }

  storage::Stores stores_{{}};
  const iceberg::Schema schema_ = catalog::iceberg_schema(stac::initial_schema(stac::SchemaKind::kItslive));
  const write::PartitionWriters writer_ = write::PartitionWriters::make(schema_).value();
  write::FileNames names_{"memory://w", "0123456789abcdef"};
  std::minstd_rand random_{42};
};

TEST_F(Rewriting, KeepsTheOrderOfOtherRows) {
  const auto old = write(10, 3);
  const auto outcome = without(old, {0, 5, 9, 10, 29, 77});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->rows_removed, 5);
  ASSERT_THAT(outcome->added, SizeIs(1));
  ASSERT_THAT(outcome->removed, SizeIs(1));
  EXPECT_EQ(outcome->removed[0], old);
  EXPECT_EQ(outcome->added[0].record_count, 25);
  EXPECT_EQ(outcome->added[0].partition, old.partition);
  const auto ids = ids_of(outcome->added[0]);
  EXPECT_THAT(ids, SizeIs(25));
  EXPECT_TRUE(std::ranges::is_sorted(ids));
}

TEST_F(Rewriting, KeepsFilesWithoutTheItemsAndDropsEmptiedOnes) {
  const auto old = write(2, 2);
  const auto untouched = without(old, {7});
  ASSERT_TRUE(untouched);
  EXPECT_THAT(untouched->removed, IsEmpty());
  const auto emptied = without(old, {0, 1, 2, 3});
  ASSERT_TRUE(emptied);
  EXPECT_THAT(emptied->removed, SizeIs(1));
  EXPECT_THAT(emptied->added, IsEmpty());
  EXPECT_EQ(emptied->rows_removed, 4);
}

TEST_F(Rewriting, RefusesAFileThatDiffersFromItsManifest) {
  auto old = write(2, 2);
  old.null_value_counts[schema_.find("platform")->field_id] = 1;  // all four are null
  const auto outcome = without(old, {0});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kInvalidData);
  EXPECT_THAT(outcome.error().message, ::testing::HasSubstr("old.parquet: column \"platform\" has 0 values"));
}

// Row groups of an old file, whatever their size, become whole ones of 25,000; more than four go to a second file.
TEST_F(Rewriting, CutsAForeignFileIntoOurSizes) {
  const auto old = write(30'001, 4);
  const auto outcome = without(old, {1, 60'000});
  ASSERT_TRUE(outcome) << outcome.error().message;
  ASSERT_THAT(outcome->added, SizeIs(2));
  EXPECT_EQ(outcome->added[0].record_count, 100'000);
  EXPECT_EQ(outcome->added[1].record_count, 20'002);
  const auto reader = open(outcome->added[0]);
  ASSERT_EQ(reader->row_groups(), 4);
  for (int group = 0; group < 4; ++group) EXPECT_EQ(reader->read_row_group(group, {"id"}).value()->num_rows(), 25'000);
  auto ids = ids_of(outcome->added[0]);
  std::ranges::copy(ids_of(outcome->added[1]), std::back_inserter(ids));
  EXPECT_TRUE(std::ranges::is_sorted(ids));
  EXPECT_EQ(ids.size(), 120'002U);
}

TEST_F(Rewriting, MemoryIsAFewRowGroupsNotTheFile) {
  constexpr std::int64_t kRows = 25'000;
  constexpr std::size_t kTextBytes = 500;
  const auto old = write(kRows, 4, kTextBytes);
  const auto* pool = arrow::default_memory_pool();
  const std::int64_t held = pool->bytes_allocated();
  const auto outcome = without(old, {3, 99'999});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(outcome->added, SizeIs(1));
  const double row_groups = static_cast<double>(pool->max_memory() - held) / (kRows * kTextBytes);
  EXPECT_LT(row_groups, 5);
}

TEST_F(Rewriting, BrokenRowGroupLeavesNoFile) {
  const auto old = write(30'000, 4, 100);
  const auto where = stores_.locate(old.file_path).value();
  auto bytes = where.store->get(where.key).value()->bytes;
  // Within the texts of the last row group; the ids, which are looked at first, are whole.
  std::fill_n(bytes.begin() + old.file_size_in_bytes - 2'000'000, 1000, 'x');
  ASSERT_TRUE(where.store->put(where.key, bytes));
  const auto outcome = without(old, {1});
  ASSERT_FALSE(outcome);
  std::vector<std::string> keys;
  ASSERT_TRUE(where.store->list("", [&](const storage::ObjectInfo& info) -> Status {
    keys.push_back(info.key);
    return {};
  }));
  EXPECT_THAT(keys, Each(where.key));
}

}  // namespace
}  // namespace earthcatalog::write
