// Manifests and symlinks: finding their data files and trusting them.
#include <arrow/table.h>

#include "inventory/helpers.h"

namespace earthcatalog::inventory {
namespace {

using storage::ObjectRef;
using testing::ElementsAre;
using testing::HasSubstr;

class ManifestTest : public InventoryTest {
 protected:
  struct File {
    std::string key, bytes;
    std::string md5 = {};
  };
  // Stores the files and a manifest that lists them under `folder`.
  void put_manifest(const std::string& at, const char* format, const std::string& members,
                    const std::vector<File>& files) {
    std::string list;
    for (const auto& file : files) {
      list += fmt::format(R"({}{{"key": "{}", "size": {}, "MD5checksum": "{}"}})", list.empty() ? "" : ", ", file.key,
                          file.bytes.size(), file.md5.empty() ? md5_hex(file.bytes) : file.md5);
    }
    put(at, fmt::format(R"({{"fileFormat": "{}", "destinationBucket": "arn:aws:s3:::dest", {}"files": [{}]}})", format,
                        members, list));
  }
  void put_files(const std::string& folder, const std::vector<File>& files) {
    for (const auto& file : files) put(folder + file.key, file.bytes);
  }
  static constexpr const char* kSchema =
      R"("fileSchema": "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag", )";
  const std::vector<File> csv_ = {
      {"inv/data/1.csv.gz",
       gzip("\"b\",\"1+a.stac.json\",\"v\",\"true\",\"false\",\"12\",\"2026-03-01T00:00:07.000Z\",\"e1\"\n"
            "\"b\",\"2.stac.json\",\"v\",\"false\",\"false\",\"12\",\"2026-03-01T00:00:07.000Z\",\"e2\"\n")},
      {"inv/data/2.csv.gz", gzip("")},
      {"inv/data/3.csv.gz",
       gzip("\"b\",\"3%2C.stac.json\",\"v\",\"true\",\"true\",\"\",\"2026-03-01T00:00:07.000Z\",\"\"\n"
            "\"b\",\"4%2C.stac.json\",\"v\",\"true\",\"false\",\"1\",\"2026-03-01T00:00:07.000Z\",\"e4\"\n")}};
};

TEST_F(ManifestTest, CsvColumnsAreTheSchemas) {
  put_files("", csv_);
  put_manifest("inv/2026-03-02T00-00Z/manifest.json", "CSV", kSchema, csv_);
  const auto all = read("inv/2026-03-02T00-00Z/manifest.json");
  ASSERT_TRUE(all.has_value()) << all.error().message;
  EXPECT_THAT(*all, ElementsAre(ObjectRef{"b", "1 a.stac.json", 12, parse_time("2026-03-01T00:00:07Z")->micros, "e1"},
                                ObjectRef{"b", "4,.stac.json", 1, parse_time("2026-03-01T00:00:07Z")->micros, "e4"}));
  EXPECT_EQ(counts_.skipped_versions, 2);
  EXPECT_EQ(counts_.rows, 4);
  const auto inventory = open("inv/2026-03-02T00-00Z/manifest.json").value();
  EXPECT_EQ(inventory->info().list, "manifest");
  EXPECT_EQ(inventory->info().format, "csv.gz");
  EXPECT_EQ(inventory->info().data_files, 3);
  EXPECT_TRUE(inventory->info().url_encoded);
}

TEST_F(ManifestTest, ParquetAndOrcParts) {
  const std::vector<ObjectRef> first = {{"b", "1+%20.stac.json", 1, 1'000'000, "x"}};
  const std::vector<ObjectRef> second = {{"c", "2.stac.json", 2, 2'000'000, "y"}};
  for (const bool orc : {false, true}) {
    const auto encode = [&](const auto& objects) {
      const auto table = to_table(objects, {});
      return orc ? to_orc(*table) : to_parquet(*table);
    };
    const std::vector<File> files = {{"data/1", encode(first)}, {"data/2", encode(second)}};
    put_files("x/", files);
    put_manifest("x/manifest.json", orc ? "ORC" : "Parquet", "", files);
    EXPECT_THAT(read("x/manifest.json").value(), ElementsAre(first[0], second[0]));
  }
}

TEST_F(ManifestTest, AWrongMd5NamesTheFileBeforeAnyOfItsRows) {
  auto files = csv_;
  files[2].md5 = std::string(32, '0');
  put_files("", files);
  put_manifest("manifest.json", "CSV", kSchema, files);
  const auto inventory = open("manifest.json").value();
  std::vector<ObjectRef> batch;
  ASSERT_TRUE(inventory->next(batch, 1).has_value());
  EXPECT_EQ(batch.size(), 1);
  const auto status = inventory->next(batch, 1);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().kind, ErrorKind::kInvalidData);
  EXPECT_THAT(status.error().message, AllOf(HasSubstr("memory://test/inv/data/3.csv.gz"), HasSubstr("MD5"),
                                            HasSubstr("the manifest says 00000000000000000000000000000000")));
  EXPECT_EQ(inventory->counts().items, 1);
}

TEST_F(ManifestTest, AMissingDataFileIsFoundOutAtOnce) {
  put_files("", {csv_[0], csv_[1]});
  put_manifest("inv/manifest.json", "CSV", kSchema, csv_);
  const auto inventory = open("inv/manifest.json");
  ASSERT_FALSE(inventory.has_value());
  EXPECT_THAT(inventory.error().message,
              AllOf(HasSubstr("inv/manifest.json"), HasSubstr("the data file inv/data/3.csv.gz does not exist")));
}

TEST_F(ManifestTest, ASizeThatDiffersIsFoundOutAtOnce) {
  put_files("", csv_);
  put("inv/data/1.csv.gz", csv_[0].bytes + "x");
  put_manifest("inv/manifest.json", "CSV", kSchema, csv_);
  EXPECT_THAT(error("inv/manifest.json"), HasSubstr("memory://test/inv/data/1.csv.gz has"));
}

TEST_F(ManifestTest, DoubledSlashesAreTriedWithout) {
  auto listed = csv_;
  for (auto& file : listed) file.key.replace(file.key.find("/data"), 5, "//data");
  put_files("", csv_);
  put_manifest("inv/manifest.json", "CSV", kSchema, listed);
  EXPECT_THAT(keys("inv/manifest.json"), ElementsAre("1 a.stac.json", "4,.stac.json"));
}

TEST_F(ManifestTest, DoubledSlashesThatExistAreKept) {
  auto listed = csv_;
  for (auto& file : listed) file.key.replace(file.key.find("/data"), 5, "//data");
  put_files("", listed);
  put_files("", {{csv_[0].key, "a decoy"}});
  put_manifest("inv/manifest.json", "CSV", kSchema, listed);
  EXPECT_THAT(keys("inv/manifest.json"), ElementsAre("1 a.stac.json", "4,.stac.json"));
}

TEST_F(ManifestTest, AFileOfAnotherFormatIsRefused) {
  const std::vector<File> files = {{"data/1", to_parquet(*to_table({}, {}))}};
  put_files("", files);
  put_manifest("manifest.json", "ORC", "", files);
  EXPECT_THAT(error("manifest.json"),
              AllOf(HasSubstr("memory://test/data/1"), HasSubstr("the manifest says ORC, but the file is Parquet")));
}

TEST_F(ManifestTest, IdentityIsTheDataFilesAndNotThePlace) {
  put_files("", csv_);
  put_manifest("a/manifest.json", "CSV", kSchema, csv_);
  put_manifest("b/manifest.json", "CSV", kSchema, csv_);
  const auto identity = (*open("a/manifest.json"))->identity();
  EXPECT_EQ((*open("b/manifest.json"))->identity(), identity);
  EXPECT_THAT(identity, HasSubstr("files=3"));
  auto fewer = csv_;
  fewer.pop_back();
  put_manifest("b/manifest.json", "CSV", kSchema, fewer);
  EXPECT_NE((*open("b/manifest.json"))->identity(), identity);
}

TEST_F(ManifestTest, ASymlinkListsDataFilesByUriOrName) {
  const std::vector<ObjectRef> first = {{"b", "1.stac.json", 1, 1'000'000, "x"}};
  put("data/1.orc", to_orc(*to_table(first, {})));
  put("hive/2.csv.gz", gzip("b,2+.stac.json\n"));
  put("hive/symlink.txt", "memory://test/data//1.orc\n2.csv.gz\n");
  EXPECT_THAT(keys("hive/symlink.txt"), ElementsAre("1.stac.json", "2 .stac.json"));
  EXPECT_EQ((*open("hive/symlink.txt"))->info().list, "symlink");
  EXPECT_EQ((*open("hive/symlink.txt"))->info().format, "orc");
  put("gone/symlink.txt", "memory://test/data/3.orc\n");
  EXPECT_THAT(error("gone/symlink.txt"), HasSubstr("the data file memory://test/data/3.orc does not exist"));
  put("blank/symlink.txt", "\n");
  EXPECT_THAT(error("blank/symlink.txt"), HasSubstr("lists no data files"));
}

}  // namespace
}  // namespace earthcatalog::inventory
