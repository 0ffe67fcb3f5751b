// The pure parts: names of columns, kinds of files, manifests, symlinks, times, flags.
#include "earthcatalog/inventory/formats/column_values.h"
#include "earthcatalog/inventory/formats/columns.h"
#include "earthcatalog/inventory/formats/csv_rows.h"
#include "earthcatalog/inventory/formats/detect.h"
#include "earthcatalog/inventory/manifest/manifest.h"
#include "inventory/helpers.h"

namespace earthcatalog::inventory {
namespace {

using Names = std::vector<std::string_view>;
using testing::HasSubstr;

TEST(Columns, AreFoundByNameInAnySpelling) {
  const auto map = map_columns(
      Names{"E_Tag", "KEY", "StorageClass", "LastModifiedDate", " Bucket", "is_latest", "IsDeleteMarker", "Size"});
  ASSERT_TRUE(map.has_value());
  EXPECT_EQ((*map)[ColumnRole::kEtag], 0);
  EXPECT_EQ((*map)[ColumnRole::kKey], 1);
  EXPECT_EQ((*map)[ColumnRole::kLastModified], 3);
  EXPECT_EQ((*map)[ColumnRole::kBucket], 4);
  EXPECT_EQ((*map)[ColumnRole::kIsLatest], 5);
  EXPECT_EQ((*map)[ColumnRole::kIsDeleteMarker], 6);
  EXPECT_EQ((*map)[ColumnRole::kSize], 7);
}

TEST(Columns, AnAliasYields) {
  EXPECT_EQ((*map_columns(Names{"last_modified", "last_modified_date"}))[ColumnRole::kLastModified], 1);
  EXPECT_EQ((*map_columns(Names{"bucket", "last_modified"}))[ColumnRole::kLastModified], 1);
}

TEST(Columns, TwoOfAKindAreRefused) {
  const auto map = map_columns(Names{"bucket", "key", "Key"});
  ASSERT_FALSE(map.has_value());
  EXPECT_THAT(map.error().message, HasSubstr("columns 2 and 3 are both named 'Key'"));
}

TEST(Columns, KnowsAHeaderThatLacksOne) {
  EXPECT_TRUE(looks_like_header(Names{"key", "size"}));
  EXPECT_TRUE(looks_like_header(Names{"bucket", "object_key"}));
  EXPECT_TRUE(looks_like_header(Names{"url"}));
  EXPECT_FALSE(looks_like_header(Names{"bucket", "a/b.json"}));
  EXPECT_FALSE(looks_like_header(Names{"its-live-data", "key", "12"}));
  EXPECT_FALSE(looks_like_header(Names{"mybucket", "readme"}));
  EXPECT_FALSE(looks_like_header(Names{"key", ""}));
}

TEST(Detect, BelievesBytesAndChecksNames) {
  const std::string orc("ORC\x0a\x00", 5);
  const struct {
    const char* name;
    std::string first;
    FileKind kind;
  } cases[] = {
      {"a/inventory.csv", "bucket,key\n", FileKind::kCsv},
      {"a/INVENTORY.CSV", "b,k\n", FileKind::kCsv},
      {"a.b/inventory", "b,k\n", FileKind::kCsv},
      {"inventory.txt", "b,k\n", FileKind::kCsv},
      {"inventory", "ORCHARD,key\n", FileKind::kCsv},
      {"i.csv.gz", "\x1f\x8b\x08", FileKind::kCsvGzip},
      {"i", "\x1f\x8b\x08", FileKind::kCsvGzip},
      {"i.parquet", "PAR1xxxx", FileKind::kParquet},
      {"i", "PAR1xxxx", FileKind::kParquet},
      {"i.orc", orc, FileKind::kOrc},
      {"i", orc, FileKind::kOrc},
      {"manifest.json", "{\n \"files\": []}", FileKind::kManifest},
      {"i", " {\n \"files\": []}", FileKind::kManifest},
      {"i", "{\"files\": []}", FileKind::kManifest},
      {"i", "{\"bucket\": \"b\"}\n{\"bucket\": \"c\"}\n", FileKind::kProblems},
      {"c.db.42.problems.ndjson", "{\"bucket\": \"b\"}\n", FileKind::kProblems},
      {"hive/dt=2026-01-01/symlink.txt", "s3://b/k.orc\n", FileKind::kSymlink},
  };
  for (const auto& [name, first, kind] : cases) {
    const auto found = detect(name, first);
    ASSERT_TRUE(found.has_value()) << name << ": " << found.error().message;
    EXPECT_EQ(*found, kind) << name << " " << first;
  }
}

TEST(Detect, SaysWhatALyingNameHolds) {
  const struct {
    const char* name;
    std::string first;
    const char* message;
  } cases[] = {
      {"i.csv", "\x1f\x8b\x08", "expected CSV, found gzip (it begins with 1f 8b)"},
      {"i.csv", "PAR1", "expected CSV, found Parquet"},
      {"i.csv", "{\"files\": []}", "expected CSV, found JSON"},
      {"i.csv", std::string("a\0b", 3), "found binary data"},
      {"i.csv",
       "\xff\xfe"
       "b",
       "found UTF-16 text (save it as UTF-8)"},
      {"i.csv.gz", "bucket,key\n", "expected gzip, found text"},
      {"i.parquet", "bucket,key\n", "expected Parquet, found text"},
      {"i.orc", "PAR1", "expected ORC, found Parquet"},
      {"manifest.json", "bucket,key\n", "expected a JSON manifest, found text"},
      {"symlink.txt", "PAR1", "expected a list of data files, found Parquet"},
      {"i", "PK\x03\x04zip", "a zip archive (unpack it)"},
      {"i.csv", "", "empty (0 bytes)"},
      {"i", "", "empty (0 bytes)"},
  };
  for (const auto& [name, first, message] : cases) {
    const auto found = detect(name, first);
    ASSERT_FALSE(found.has_value()) << name;
    EXPECT_EQ(found.error().kind, ErrorKind::kInvalidData);
    EXPECT_THAT(found.error().message, HasSubstr(message));
  }
}

constexpr const char* kAwsManifest = R"({
  "sourceBucket": "example-source-bucket",
  "destinationBucket": "arn:aws:s3:::example-inventory-destination-bucket",
  "version": "2016-11-30", "creationTimestamp": "1514944800000", "fileFormat": "CSV",
  "fileSchema": "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass",
  "files": [{"key": "Inventory/files/939c6d46.csv.gz", "size": 2147483647,
             "MD5checksum": "F11166069f1990abeb9c97ace9cdfabc"}, {"key": "b"}]})";

TEST(Manifest, ReadsWhatAwsWrites) {
  const auto manifest = parse_manifest(kAwsManifest);
  ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
  EXPECT_EQ(manifest->format, FileKind::kCsvGzip);
  EXPECT_EQ(manifest->destination_bucket, "example-inventory-destination-bucket");
  ASSERT_TRUE(manifest->columns.has_value());
  EXPECT_EQ((*manifest->columns)[ColumnRole::kIsLatest], 3);
  EXPECT_EQ((*manifest->columns)[ColumnRole::kSize], 5);
  EXPECT_EQ((*manifest->columns)[ColumnRole::kEtag], 7);
  ASSERT_EQ(manifest->files.size(), 2);
  EXPECT_EQ(manifest->files[0].key, "Inventory/files/939c6d46.csv.gz");
  EXPECT_EQ(manifest->files[0].size_bytes, 2'147'483'647);
  EXPECT_EQ(manifest->files[0].md5, "f11166069f1990abeb9c97ace9cdfabc");
  EXPECT_EQ(manifest->files[1].size_bytes, -1);
  EXPECT_EQ(manifest->files[1].md5, "");
}

TEST(Manifest, NamesTheMemberAtFault) {
  const struct {
    const char* json;
    const char* message;
  } cases[] = {
      {"{\"files\": [", "not valid JSON at byte 12"},
      {"[]", "not a JSON object"},
      {"{}", "no member 'fileFormat'"},
      {R"({"fileFormat": "Avro"})", "fileFormat is 'Avro'; expected CSV, Parquet or ORC"},
      {R"({"fileFormat": 3})", "member 'fileFormat' is not a string"},
      {R"({"fileFormat": "ORC"})", "no member 'destinationBucket'"},
      {R"({"fileFormat": "ORC", "destinationBucket": "arn:aws:s3:::"})", "'destinationBucket' is empty"},
      {R"({"fileFormat": "CSV", "destinationBucket": "b"})", "no member 'fileSchema'"},
      {R"({"fileFormat": "CSV", "destinationBucket": "b", "fileSchema": "Key, Size"})",
       "fileSchema: no column 'Bucket'"},
      {R"({"fileFormat": "CSV", "destinationBucket": "b", "fileSchema": "Bucket"})", "fileSchema: no column 'Key'"},
      {R"({"fileFormat": "ORC", "destinationBucket": "b", "files": {}})", "no array 'files'"},
      {R"({"fileFormat": "ORC", "destinationBucket": "b", "files": [3]})", "files[0]: not an object"},
      {R"({"fileFormat": "ORC", "destinationBucket": "b", "files": [{}]})", "files[0]: no member 'key'"},
      {R"({"fileFormat": "ORC", "destinationBucket": "b", "files": [{"key": ""}]})", "'key' is empty"},
      {R"({"fileFormat": "ORC", "destinationBucket": "b", "files": [{"key": "a", "size": -1}]})", "no file size"},
      {R"({"fileFormat": "ORC", "destinationBucket": "b", "files": [{"key": "a"}, {"key": "a", "MD5checksum": "xy"}]})",
       "files[1]: MD5checksum 'xy' is not 32"},
  };
  for (const auto& [json, message] : cases) {
    const auto manifest = parse_manifest(json);
    ASSERT_FALSE(manifest.has_value()) << json;
    EXPECT_THAT(manifest.error().message, HasSubstr(message)) << json;
  }
}

TEST(Symlink, ListsUris) {
  EXPECT_THAT(*parse_symlink("s3://b/a b.orc\r\n\n/x/y.orc\nlast"),
              testing::ElementsAre("s3://b/a b.orc", "/x/y.orc", "last"));
  EXPECT_THAT(parse_symlink(" \n\r\n").error().message, HasSubstr("lists no data files"));
}

TEST(Since, ReadsInstantsDatesAndSpans) {
  const TimeMicros now = parse_time("2026-03-10T12:00:00Z")->micros;
  const struct {
    const char* text;
    const char* expected;
  } cases[] = {
      {"2026-01-31", "2026-01-31T00:00:00Z"},
      {"2026-01-31T12:30:00Z", "2026-01-31T12:30:00Z"},
      {"2026-01-31T12:30:00.25+02:00", "2026-01-31T10:30:00.25Z"},
      {"2d", "2026-03-08T12:00:00Z"},
      {"12h", "2026-03-10T00:00:00Z"},
      {"30min", "2026-03-10T11:30:00Z"},
      {"0d", "2026-03-10T12:00:00Z"},
  };
  for (const auto& [text, expected] : cases) {
    const auto since = parse_since(text, now);
    ASSERT_TRUE(since.has_value()) << text;
    EXPECT_EQ(format_time(*since), expected) << text;
  }
  for (const char* text : {"", "d", "2", "2 d", "-2d", "+2d", "2y", "yesterday", "2026-13-01", "99999999999d", "2dd"}) {
    const auto since = parse_since(text, now);
    ASSERT_FALSE(since.has_value()) << text;
    EXPECT_EQ(since.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST(Values, FlagsAndIntegers) {
  EXPECT_EQ(parse_flag("TRUE"), true);
  EXPECT_EQ(parse_flag("true"), true);
  EXPECT_EQ(parse_flag("1"), true);
  EXPECT_EQ(parse_flag("False"), false);
  EXPECT_EQ(parse_flag("0"), false);
  EXPECT_EQ(parse_flag(""), std::nullopt);
  EXPECT_EQ(parse_flag("tru"), std::nullopt);
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_integer("12x"), std::nullopt);
  EXPECT_EQ(parse_integer(""), std::nullopt);
}

}  // namespace
}  // namespace earthcatalog::inventory
