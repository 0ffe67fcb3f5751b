// What is no inventory, and what the user is told: which file, which row or byte, what was expected.
#include <arrow/api.h>

#include "inventory/helpers.h"

namespace earthcatalog::inventory {
namespace {

using testing::HasSubstr;

std::shared_ptr<arrow::Array> strings(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Table> table(const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

TEST_F(InventoryTest, MissingIsNotFound) {
  put("a.csv.gz", "x");
  for (const char* name : {"a.csv", "nothing", "nothing/"}) {
    const auto inventory = open(name, {.source_root = "memory://"});
    ASSERT_FALSE(inventory.has_value());
    EXPECT_EQ(inventory.error().kind, ErrorKind::kNotFound);
    EXPECT_THAT(inventory.error().message, HasSubstr("does not exist"));
  }
}

TEST_F(InventoryTest, EmptyIsAnError) {
  put("zero.csv", "");
  put("zero.parquet", "");
  put("zero", "");
  put("blank.csv", "\r\n\n");
  put("bom.csv", "\xEF\xBB\xBF");
  put("blank.csv.gz", gzip(""));
  EXPECT_THAT(error("zero.csv"), HasSubstr("memory://test/zero.csv: the file is empty (0 bytes); expected CSV"));
  EXPECT_THAT(error("zero.parquet"), HasSubstr("(0 bytes); expected Parquet"));
  EXPECT_THAT(error("zero"), HasSubstr("(0 bytes); expected an inventory"));
  for (const char* name : {"blank.csv", "bom.csv", "blank.csv.gz"}) {
    EXPECT_THAT(error(name), AllOf(HasSubstr(name), HasSubstr("neither a header nor rows")));
  }
}

TEST_F(InventoryTest, ALyingNameIsNamed) {
  put("i.csv", gzip("bucket,key\n"));
  put("i.csv.gz", "bucket,key\n");
  put("i.parquet", "bucket,key\n");
  EXPECT_THAT(error("i.csv"),
              HasSubstr("memory://test/i.csv: the file is not what its name says: expected CSV, found gzip"));
  EXPECT_THAT(error("i.csv.gz"), HasSubstr("expected gzip, found text"));
  EXPECT_THAT(error("i.parquet"), HasSubstr("expected Parquet, found text"));
}

TEST_F(InventoryTest, TruncatedGzipNamesTheByte) {
  std::string text = "bucket,key\n";
  for (int i = 0; i < 1000; ++i) text += fmt::format("b,{}.stac.json\n", i * 7919);
  const std::string bytes = gzip(text);
  put("i.csv.gz", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(error("i.csv.gz"), AllOf(HasSubstr("memory://test/i.csv.gz"), HasSubstr("truncated"),
                                       HasSubstr(fmt::format("byte {} of the compressed file", bytes.size() / 2))));
}

TEST_F(InventoryTest, TruncatedCsvNamesTheRow) {
  put("a.csv", "b,1.stac.json,12,2026-01-01T00:00:00Z\nb");
  EXPECT_THAT(error("a.csv"), HasSubstr("a.csv: row 2 (byte 38) has no key"));
  put("b.csv", "\"b\",\"1.stac.json\"\n\"b\",\"2.st");
  EXPECT_THAT(error("b.csv"), HasSubstr("b.csv: row 2 (byte 18): the text ends inside a quoted field"));
  put("c.csv", "key,bucket\n1.stac.json,b\n2.stac.json,\n");
  EXPECT_THAT(error("c.csv"), HasSubstr("c.csv: row 3 (byte 25) has no bucket"));
}

TEST_F(InventoryTest, HeaderWithoutBucketOrKeyIsNamed) {
  put("a.csv", "key,size\na.stac.json,1\n");
  put("b.csv", "bucket,path\nb,a.stac.json\n");
  put("c.csv", "bucket,key,key\nb,a,a\n");
  EXPECT_THAT(error("a.csv"), AllOf(HasSubstr("a.csv: row 1 (byte 0)"), HasSubstr("without a column 'bucket'")));
  EXPECT_THAT(error("b.csv"), HasSubstr("without a column 'key'"));
  EXPECT_THAT(error("c.csv"), HasSubstr("columns 2 and 3 are both named 'key'"));
}

TEST_F(InventoryTest, ColumnarFilesWithoutTheColumnsAreRefused) {
  const auto keys = strings({"1.stac.json"});
  const auto lacking = table({{"key", keys}, {"name", keys}});
  put("a.parquet", to_parquet(*lacking));
  put("a.orc", to_orc(*lacking));
  for (const char* name : {"a.parquet", "a.orc"}) {
    EXPECT_THAT(error(name), AllOf(HasSubstr(name), HasSubstr("no column 'bucket'; its columns are key, name")));
  }
  arrow::Int64Builder numbers;
  ASSERT_TRUE(numbers.Append(1).ok());
  const auto number = numbers.Finish().ValueOrDie();
  put("b.parquet", to_parquet(*table({{"key", number}, {"bucket", keys}})));
  EXPECT_THAT(error("b.parquet"), HasSubstr("column 'key': has type int64; expected text"));
  put("c.parquet", to_parquet(*table({{"key", keys}, {"bucket", keys}, {"last_modified_date", number}})));
  EXPECT_THAT(error("c.parquet"),
              HasSubstr("column 'last_modified_date': has type int64; expected a timestamp or text"));
}

TEST_F(InventoryTest, ANullKeyNamesTheRow) {
  arrow::StringBuilder keys;
  ASSERT_TRUE(keys.Append("1.stac.json").ok());
  ASSERT_TRUE(keys.AppendNull().ok());
  const auto nulls = table({{"bucket", strings({"b", "b"})}, {"key", keys.Finish().ValueOrDie()}});
  put("a.parquet", to_parquet(*nulls));
  put("a.orc", to_orc(*nulls));
  EXPECT_THAT(error("a.parquet"), HasSubstr("a.parquet: row 2 has no key"));
  EXPECT_THAT(error("a.orc"), HasSubstr("a.orc: row 2 has no key"));
}

TEST_F(InventoryTest, DamagedColumnarFilesAreErrors) {
  std::vector<storage::ObjectRef> objects;
  for (int i = 0; i < 3000; ++i) objects.push_back({"b", fmt::format("{}.stac.json", i * 7919), i, i, "e"});
  const auto whole = to_table(objects, {});
  const std::string parquet = to_parquet(*whole);
  const std::string orc = to_orc(*whole);
  put("cut.parquet", parquet.substr(0, parquet.size() - 10));
  put("cut.orc", orc.substr(0, orc.size() / 2));
  EXPECT_THAT(error("cut.parquet"), HasSubstr("memory://test/cut.parquet"));
  EXPECT_THAT(error("cut.orc"), HasSubstr("memory://test/cut.orc"));
  // Bytes overwritten anywhere: an error or other values, never a crash.
  for (std::size_t at = 4; at < parquet.size(); at += parquet.size() / 97) {
    std::string damaged = parquet;
    for (std::size_t i = at; i < std::min(at + 9, damaged.size()); ++i)
      damaged[i] = static_cast<char>(damaged[i] ^ 0x5a);
    put("damaged.parquet", damaged);
    (void)read("damaged.parquet");
  }
}

}  // namespace
}  // namespace earthcatalog::inventory
