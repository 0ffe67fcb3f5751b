// What docs/format/warehouse_format.md promises of the files, looked up in the files.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/bloom_filter.h>
#include <parquet/bloom_filter_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/schema.h>

#include <nlohmann/json.hpp>
#include <set>

#include "earthcatalog/geoparquet/writer.h"
#include "geoparquet/sample_rows.h"
#include "geoparquet/test_store.h"

namespace earthcatalog::geoparquet {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

struct Written {
  iceberg::DataFile description;
  std::unique_ptr<parquet::ParquetFileReader> reader;
  std::shared_ptr<arrow::RecordBatch> rows;

  const parquet::FileMetaData& metadata() const { return *reader->metadata(); }
  std::string key(const std::string& name) const { return metadata().key_value_metadata()->Get(name).ValueOr(""); }
};

Written write(std::shared_ptr<arrow::RecordBatch> rows, const WriteOptions& options = {}) {
  const auto store = std::make_shared<TestStore>();
  auto file = write_file({store, "f"}, {rows}, itslive_schema(), {}, options).value();
  auto source = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(store->objects.at("f")));
  return {std::move(file), parquet::ParquetFileReader::Open(source), std::move(rows)};
}

std::shared_ptr<arrow::RecordBatch> without_geometry(std::int64_t count) {
  auto rows = itslive_rows(count);
  for (const char* name : {"geometry", "geometry_bbox"}) {
    const auto type = rows->schema()->GetFieldByName(name)->type();
    rows = with_column(rows, name, arrow::MakeArrayOfNull(type, count).ValueOrDie());
  }
  return rows;
}

TEST(FileFormat, EveryNodeCarriesItsFieldId) {
  const auto file = write(itslive_rows(5));
  const auto& root = *file.metadata().schema()->group_node();
  const iceberg::Schema schema = itslive_schema();
  ASSERT_EQ(root.field_count(), 31);
  for (int i = 0; i < root.field_count(); ++i) {
    const auto& field = schema.fields[static_cast<std::size_t>(i)];
    EXPECT_EQ(root.field(i)->name(), field.name);
    EXPECT_EQ(root.field(i)->field_id(), field.field_id);
    EXPECT_TRUE(root.field(i)->is_optional());
  }
  const auto& box = static_cast<const parquet::schema::GroupNode&>(*root.field(29));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(box.field(i)->field_id(), 32 + i);
}

TEST(FileFormat, GeoKeyTellsTypesExtentAndCovering) {
  const auto file = write(itslive_rows(50));
  const json geo = json::parse(file.key("geo"));
  EXPECT_EQ(geo.at("version"), "1.1.0");
  EXPECT_EQ(geo.at("primary_column"), "geometry");
  const json& column = geo.at("columns").at("geometry");
  EXPECT_EQ(column.at("encoding"), "WKB");
  EXPECT_EQ(column.at("geometry_types"), json::array({"Polygon"}));
  EXPECT_FALSE(column.contains("crs"));  // none: OGC:CRS84
  EXPECT_TRUE(column.contains("covering"));
}

TEST(FileFormat, OmitsTheCoveringWhenUnwantedOrWithoutGeometry) {
  for (const auto& file : {write(itslive_rows(5), {.covering = false}), write(without_geometry(5))}) {
    const json column = json::parse(file.key("geo")).at("columns").at("geometry");
    EXPECT_FALSE(column.contains("covering"));
  }
  const json column = json::parse(write(without_geometry(5)).key("geo")).at("columns").at("geometry");
  EXPECT_EQ(column.at("geometry_types"), json::array());
  EXPECT_FALSE(column.contains("bbox"));
}

// docs/guide/query.md: with an Arrow schema Polars, Daft and GeoPandas fail on some ways to read, and no reader needs
// it.
TEST(FileFormat, FooterHasNoKeyButGeo) {
  const auto file = write(itslive_rows(5));
  EXPECT_EQ(file.metadata().key_value_metadata()->keys(), std::vector<std::string>{"geo"});
}

TEST(FileFormat, CompressesColumnsUnlessTiny) {
  const std::set<std::string> bulky = {"id", "geometry", "assets", "links", "stac_extensions", "stac_extra"};
  for (const int rows : {12, 64, 2'000}) {
    const auto file = write(itslive_rows(rows));
    for (int i = 0; i < file.metadata().num_columns(); ++i) {
      const bool stored = rows < 64 && !bulky.contains(file.metadata().schema()->Column(i)->path()->ToDotString());
      EXPECT_EQ(file.metadata().RowGroup(0)->ColumnChunk(i)->compression(),
                stored ? parquet::Compression::UNCOMPRESSED : parquet::Compression::ZSTD)
          << rows << " " << file.metadata().schema()->Column(i)->path()->ToDotString();
    }
  }
}

TEST(FileFormat, StatisticsForAllColumnsButGeometryAndJson) {
  const std::set<std::string> none = {"geometry", "assets", "links", "bbox", "stac_extensions", "stac_extra"};
  const auto file = write(itslive_rows(70));
  for (int i = 0; i < file.metadata().num_columns(); ++i) {
    const std::string path = file.metadata().schema()->Column(i)->path()->ToDotString();
    const auto chunk = file.metadata().RowGroup(0)->ColumnChunk(i);
    EXPECT_EQ(chunk->is_stats_set(), !none.contains(path)) << path;
    EXPECT_TRUE(chunk->GetOffsetIndexLocation().has_value()) << path;
    EXPECT_EQ(chunk->GetColumnIndexLocation().has_value(), !none.contains(path)) << path;
  }
}

TEST(FileFormat, PagesAreIndexedAndShort) {
  const auto file = write(itslive_rows(12'000));
  const auto index = file.reader->GetPageIndexReader()->RowGroup(0)->GetOffsetIndex(3);
  ASSERT_EQ(index->page_locations().size(), 3U);
  EXPECT_EQ(index->page_locations()[1].first_row_index, 5'000);
}

TEST(FileFormat, TheBloomFilterHoldsTheIdsOfItsRowGroup) {
  const auto file = write(itslive_rows(100), {.row_group_rows = 50});
  ASSERT_EQ(file.metadata().num_row_groups(), 2);
  const auto& ids = static_cast<const arrow::StringArray&>(*file.rows->column(0));
  int wrong = 0;
  for (int group = 0; group < 2; ++group) {
    const auto bloom = file.reader->GetBloomFilterReader().RowGroup(group)->GetColumnBloomFilter(0);
    ASSERT_NE(bloom, nullptr);
    EXPECT_LE(bloom->GetBitsetSize(), 128U);  // for 50 ids, not for a full row group
    for (std::int64_t i = 0; i < ids.length(); ++i) {
      const parquet::ByteArray id(ids.GetView(i));
      const bool found = bloom->FindHash(bloom->Hash(&id));
      if (i / 50 == group) {
        EXPECT_TRUE(found);
      } else {
        wrong += found ? 1 : 0;
      }
    }
    EXPECT_EQ(file.reader->GetBloomFilterReader().RowGroup(group)->GetColumnBloomFilter(1), nullptr);
  }
  EXPECT_LE(wrong, 10);
}

TEST(FileFormat, ManifestFiguresAreTheFooters) {
  const auto file = write(itslive_rows(2'500), {.row_group_rows = 1'000});
  const iceberg::DataFile& said = file.description;
  for (int column = 0; column < file.metadata().num_columns(); ++column) {
    std::int64_t bytes = 0, values = 0;
    for (int group = 0; group < 3; ++group) {
      const auto chunk = file.metadata().RowGroup(group)->ColumnChunk(column);
      bytes += chunk->total_compressed_size();
      values += chunk->num_values();
    }
    const int id = file.metadata().schema()->Column(column)->schema_node()->field_id();
    EXPECT_EQ(said.column_sizes.at(id), bytes) << file.metadata().schema()->Column(column)->path()->ToDotString();
    EXPECT_EQ(said.value_counts.at(id), values);
  }
  ASSERT_EQ(said.split_offsets.size(), 3U);
  for (int group = 0; group < 3; ++group) {
    const auto first = file.metadata().RowGroup(group)->ColumnChunk(0);
    EXPECT_EQ(said.split_offsets[static_cast<std::size_t>(group)], first->data_page_offset());
  }
}

TEST(FileFormat, NamesItsWriterInParseableForm) {
  EXPECT_THAT(write(itslive_rows(1)).metadata().created_by(),
              testing::MatchesRegex("earthcatalog version [0-9.]+ \\(build parquet-cpp-arrow [0-9.]+.*\\)"));
}

}  // namespace
}  // namespace earthcatalog::geoparquet
