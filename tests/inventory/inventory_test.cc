// Whole inventories through open_inventory(): rules, formats, listings.
#include <arrow/table.h>

#include "earthcatalog/inventory/summary.h"
#include "inventory/helpers.h"

namespace earthcatalog::inventory {
namespace {

using storage::ObjectRef;
using testing::ElementsAre;
using testing::HasSubstr;

ObjectRef object(std::string bucket, std::string key, std::int64_t size, const char* date, std::string etag = "") {
  return {std::move(bucket), std::move(key), size, parse_time(date)->micros, std::move(etag)};
}

TEST_F(InventoryTest, KeysComeThroughUnderTheirTrueNames) {
  put("i.csv",
      "\"Key\",BUCKET\n"
      "\"a,b\".stac.json,b\n"  // a quote too early: row 2 is at fault
  );
  EXPECT_THAT(error("i.csv"), HasSubstr("memory://test/i.csv: row 2 (byte 18): expected a comma"));
  put("j.csv",
      "key,bucket\n\"a,b.stac.json\",b\n\"a\"\"b.stac.json\",b\n\"a\nb.stac.json\",b\na+b%20c.stac.json,b\n"
      "\"ü 🌍.stac.json\",b\n");
  EXPECT_THAT(keys("j.csv"),
              ElementsAre("a,b.stac.json", "a\"b.stac.json", "a\nb.stac.json", "a+b%20c.stac.json", "ü 🌍.stac.json"));
}

TEST_F(InventoryTest, SaysHowMuchOfItHasBeenRead) {
  std::vector<ObjectRef> objects;
  for (int i = 0; i < 100'000; ++i) objects.push_back(object("b", fmt::format("k{:06}.stac.json", i), 1, "2026-01-01"));
  const auto csv = to_csv(objects);
  put("i.csv", csv);
  put("i.csv.gz", gzip(csv));
  const auto table = to_table(objects, {});
  put("i.parquet", to_parquet(*table, 10'000));
  put("i.orc", to_orc(*table));
  put("symlink.txt", "i.csv\ni.parquet\n");
  for (const char* name : {"i.csv", "i.csv.gz", "i.parquet", "i.orc", "symlink.txt"}) {
    const auto inventory = open(name);
    ASSERT_TRUE(inventory) << inventory.error().message;
    const std::size_t all = std::string_view(name) == "symlink.txt" ? 200'000 : 100'000;
    std::vector<ObjectRef> batch;
    ASSERT_TRUE((*inventory)->next(batch, all / 4));
    ASSERT_TRUE((*inventory)->share_read()) << name;
    const double share = *(*inventory)->share_read();
    EXPECT_GT(share, 0.05) << name;
    EXPECT_LT(share, 0.75) << name;
    ASSERT_TRUE((*inventory)->next(batch, all));
    EXPECT_EQ((*inventory)->share_read(), 1) << name;
  }
  const auto limited = open("i.csv", {.limit = 100});
  std::vector<ObjectRef> batch;
  ASSERT_TRUE(limited && (*limited)->next(batch, 50));
  EXPECT_EQ((*limited)->share_read(), 0.5);
  put("b/k.stac.json", "{}");
  const auto listing = open("b/", {.source_root = "memory://test/"});
  ASSERT_TRUE(listing) << listing.error().message;
  ASSERT_TRUE((*listing)->next(batch, 1));
  EXPECT_EQ((*listing)->share_read(), std::nullopt) << "nobody knows the end of a listing";
}

TEST_F(InventoryTest, WithoutHeaderKeysAreDecodedOnce) {
  put("i.csv",
      "\"b\",\"a%2Cb.stac.json\",\"12\",\"2026-03-01T00:00:07.000Z\"\n\"b\",\"a+b%2520c.stac.json\",\"\",\"\"\n"
      "b,%C3%BC%0A%22.stac.json\n");
  const auto all = read("i.csv");
  ASSERT_TRUE(all.has_value()) << all.error().message;
  ASSERT_EQ(all->size(), 3);
  EXPECT_EQ((*all)[0], object("b", "a,b.stac.json", 12, "2026-03-01T00:00:07Z"));
  EXPECT_EQ((*all)[1].key, "a b%20c.stac.json");
  EXPECT_EQ((*all)[1].size_bytes, std::nullopt);
  EXPECT_EQ((*all)[1].last_modified, std::nullopt);
  EXPECT_EQ((*all)[2].key, "ü\n\".stac.json");
}

TEST_F(InventoryTest, KeyEncodingOverrides) {
  put("header.csv", "bucket,key\nb,a%20b+c.stac.json\n");
  put("bare.csv", "b,a%20b+c.stac.json\n");
  EXPECT_THAT(keys("header.csv", {.key_encoding = KeyEncoding::kUrl}), ElementsAre("a b c.stac.json"));
  EXPECT_THAT(keys("header.csv"), ElementsAre("a%20b+c.stac.json"));
  EXPECT_THAT(keys("bare.csv", {.key_encoding = KeyEncoding::kRaw}), ElementsAre("a%20b+c.stac.json"));
  EXPECT_THAT(keys("bare.csv"), ElementsAre("a b c.stac.json"));
  put("i.parquet", to_parquet(*to_table({object("b", "a%20b+c.stac.json", 1, "2026-01-01")}, {})));
  EXPECT_THAT(keys("i.parquet", {.key_encoding = KeyEncoding::kUrl}), ElementsAre("a b c.stac.json"));
  EXPECT_THAT(keys("i.parquet"), ElementsAre("a%20b+c.stac.json"));
}

TEST_F(InventoryTest, AKeyThatIsNotUrlEncodedNamesTheRemedy) {
  put("i.csv", "b,good.stac.json\nb,100%.stac.json\n");
  EXPECT_THAT(error("i.csv"),
              AllOf(HasSubstr("row 2 (byte 17)"), HasSubstr("'100%.stac.json'"), HasSubstr("`key_encoding` raw")));
}

constexpr const char* kVersioned =
    "bucket,key,is_latest,is_delete_marker,last_modified_date\n"
    "b,1.stac.json,true,false,2026-03-01T00:00:00Z\n"
    "b,2.stac.json,FALSE,false,2026-03-01T00:00:00Z\n"
    "b,3.stac.json,true,TRUE,2026-03-01T00:00:00Z\n"
    "b,4.stac.json,,,2026-02-28T23:59:59.999Z\n"
    "b,5.png,true,false,2026-03-02T00:00:00Z\n"
    "b,6.stac.json,true,false,\n"
    "b,7.stac.json,true,false,last tuesday\n"
    "b,8.stac.json,true,false,2026-03-02T01:00:00+02:00\n";

TEST_F(InventoryTest, CountsWhatItPassesOver) {
  put("i.csv", kVersioned);
  EXPECT_THAT(keys("i.csv", {.since = parse_time("2026-03-01")->micros}),
              ElementsAre("1.stac.json", "6.stac.json", "7.stac.json", "8.stac.json"));
  EXPECT_EQ(counts_.rows, 8);
  EXPECT_EQ(counts_.items, 4);
  EXPECT_EQ(counts_.skipped_versions, 2);
  EXPECT_EQ(counts_.skipped_suffix, 1);
  EXPECT_EQ(counts_.skipped_since, 1);
  EXPECT_EQ(counts_.dates_unparseable, 2) << "none, and last tuesday";
}

TEST_F(InventoryTest, WithoutSinceOnlyMalformedDatesCount) {
  put("i.csv", kVersioned);
  EXPECT_EQ(keys("i.csv").size(), 5);
  EXPECT_EQ(counts_.dates_unparseable, 1);
  EXPECT_EQ(counts_.skipped_since, 0);
}

TEST_F(InventoryTest, LimitCountsAfterTheOtherRules) {
  put("i.csv", kVersioned);
  EXPECT_THAT(keys("i.csv", {.since = parse_time("2026-03-01")->micros, .limit = 2}),
              ElementsAre("1.stac.json", "6.stac.json"));
  EXPECT_EQ(counts_.rows, 6);
  EXPECT_EQ(keys("i.csv", {.limit = 0}).size(), 5) << "all, as without";
  EXPECT_THAT(keys("i.csv", {.limit = 100}).size(), 5);
  EXPECT_EQ(open("i.csv", {.limit = -1}).error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(InventoryTest, TheSuffixIsAnOption) {
  put("i.csv", kVersioned);
  EXPECT_THAT(keys("i.csv", {.suffix = ".png"}), ElementsAre("5.png"));
  EXPECT_EQ(keys("i.csv", {.suffix = ""}).size(), 6);
}

TEST_F(InventoryTest, EtagsLoseTheirQuotes) {
  put("i.csv", "bucket,key,e_tag\nb,1.stac.json,\"\"\"abc-2\"\"\"\nb,2.stac.json,def\n");
  const auto all = read("i.csv").value();
  EXPECT_EQ(all[0].etag, "abc-2");
  EXPECT_EQ(all[1].etag, "def");
}

TEST_F(InventoryTest, ValidWithoutRowsIsNothingToDo) {
  put("header.csv", "bucket,key\n");
  put("header.csv.gz", gzip("bucket,key"));
  put("i.parquet", to_parquet(*to_table({}, {})));
  put("i.orc", to_orc(*to_table({}, {})));
  put("manifest.json", R"({"fileFormat": "ORC", "destinationBucket": "b", "files": []})");
  for (const char* name : {"header.csv", "header.csv.gz", "i.parquet", "i.orc", "manifest.json"}) {
    EXPECT_THAT(keys(name), ElementsAre()) << name;
  }
}

TEST_F(InventoryTest, TheFormatNeedsNoName) {
  const std::vector<ObjectRef> objects = {object("b", "1.stac.json", 1, "2026-01-01", "x")};
  put("csv", to_csv(objects));
  put("gz", gzip(to_csv(objects)));
  put("parquet", to_parquet(*to_table(objects, {})));
  put("orc", to_orc(*to_table(objects, {})));
  for (const char* name : {"csv", "gz", "parquet", "orc"}) EXPECT_EQ(read(name).value(), objects) << name;
  EXPECT_EQ((*open("gz"))->info().format, "csv.gz");
  EXPECT_EQ((*open("parquet"))->info().format, "parquet");
}

TEST_F(InventoryTest, AProblemsFileGivesItsPendingRows) {
  put("p.ndjson",
      "{\"bucket\":\"b\",\"key\":\"1%20+.stac.json\",\"kind\":\"pending\",\"reason\":\"503\"}\n"
      "{\"bucket\":\"b\",\"key\":\"2.stac.json\",\"kind\":\"rejected\",\"reason\":\"not JSON\",\"offset\":12}\n\n"
      "{\"bucket\":\"b\",\"key\":\"3.stac.json\",\"kind\":\"pending:denied\",\"reason\":\"403\"}\n"
      "{\"bucket\":\"b\",\"key\":\"4.stac.json\",\"kind\":\"denied\",\"outcome\":\"pending\",\"size\":7,"
      "\"last_modified\":\"2026-01-01T00:00:00Z\",\"etag\":\"e\"}\n"
      "{\"bucket\":\"b\",\"key\":\"5.stac.json\",\"kind\":\"bad_geometry\"}");
  EXPECT_THAT(keys("p.ndjson", {.key_encoding = KeyEncoding::kUrl}),
              ElementsAre("1%20+.stac.json", "3.stac.json", "4.stac.json"));
  EXPECT_EQ(counts_.rows, 5);
  EXPECT_EQ(counts_.skipped_not_pending, 2);
  EXPECT_EQ(read("p.ndjson").value()[2], object("b", "4.stac.json", 7, "2026-01-01", "e"));
  EXPECT_EQ((*open("p.ndjson"))->info().format, "problems");

  put("bad.ndjson", "{\"bucket\":\"b\",\"key\":\"k\",\"kind\":\"pending\"}\n{\"bucket\":\"b\",\"kind\":\"pending\"}\n");
  EXPECT_THAT(error("bad.ndjson"), HasSubstr("memory://test/bad.ndjson: line 2: no member 'key'"));
  put("cut.ndjson", "{\"bucket\":\"b\",\"ke");
  EXPECT_THAT(error("cut.ndjson"), HasSubstr("line 1: not valid JSON"));
}

TEST_F(InventoryTest, AListingNamesBucketsBelowTheSourceRoot) {
  put("data/b1/x/1.stac.json", "12345");
  put("data/b1/x/1.png", "");
  put("data/b2/2 +%.stac.json", "");
  put("data/inventory.csv", "");
  put("database/b3/3.stac.json", "");
  const auto all = read("data", {.source_root = "memory://test/data"});
  ASSERT_TRUE(all.has_value()) << all.error().message;
  ASSERT_EQ(all->size(), 2);
  EXPECT_EQ((*all)[0].bucket, "b1");
  EXPECT_EQ((*all)[0].key, "x/1.stac.json");
  EXPECT_EQ((*all)[0].size_bytes, 5);
  EXPECT_TRUE((*all)[0].last_modified.has_value());
  EXPECT_FALSE((*all)[0].etag.empty());
  EXPECT_EQ((*all)[1].bucket, "b2");
  EXPECT_EQ((*all)[1].key, "2 +%.stac.json");
  EXPECT_EQ(counts_.skipped_suffix, 2);

  EXPECT_THAT(keys("data/b1/", {.source_root = "memory://test/data/"}), ElementsAre("x/1.stac.json"));
  EXPECT_THAT(keys("data/b1/x", {.source_root = "memory://"}), ElementsAre("data/b1/x/1.stac.json"));
  EXPECT_EQ(read("memory://test", {.source_root = "memory://"}).value()[0].bucket, "test");
}

TEST_F(InventoryTest, AListingSaysWhatAllItsNamesBeginWith) {
  put("data/b1/x/1.stac.json", "");
  const auto prefix = [&](const std::string& uri, const std::string& source_root) {
    return (*open(uri, {.source_root = source_root}))->info().prefix;
  };
  EXPECT_EQ(prefix("data", "memory://test/data"), "");
  EXPECT_EQ(prefix("data/b1", "memory://test/data/"), "b1/");
  EXPECT_EQ(prefix("data/b1/x", "memory://test/data"), "b1/x/");
  EXPECT_EQ(prefix("data/b1/x", "memory://"), "test/data/b1/x/");
  EXPECT_EQ(prefix("memory://test", "memory://"), "test/");
}

TEST_F(InventoryTest, ListingOutsideTheSourceRootNamesTheRemedy) {
  put("data/b1/1.stac.json", "");
  put("1.stac.json", "");
  EXPECT_THAT(error("data"),
              AllOf(HasSubstr("memory://test/data"), HasSubstr("source root s3://"), HasSubstr("`source_root`")));
  EXPECT_THAT(error("data", {.source_root = "memory://test/data/b1"}), HasSubstr("not below the source root"));
  EXPECT_THAT(error("memory://test/", {.source_root = "memory://test"}), HasSubstr("1.stac.json is in no bucket"));
}

TEST_F(InventoryTest, AListingMayBeLeftHalfway) {
  for (int i = 0; i < 20'000; ++i) put(fmt::format("b/{}.stac.json", i), "");
  EXPECT_EQ(keys("b", {.limit = 3, .source_root = "memory://"}).size(), 3);
  EXPECT_EQ(keys("b", {.source_root = "memory://"}).size(), 20'000);
}

TEST_F(InventoryTest, SummarizesWithoutFetching) {
  put("i.csv",
      "bucket,key,size,last_modified_date\nb,1.stac.json,10,2026-03-01\nb,2.stac.json,,2026-01-01\n"
      "c,3.stac.json,5,2026-02-01\nc,3.png,500,2020-02-01\n");
  const auto summary = summarize(stores_, "memory://test/i.csv", {});
  ASSERT_TRUE(summary.has_value()) << summary.error().message;
  EXPECT_THAT(summary->items_by_bucket, ElementsAre(testing::Pair("b", 2), testing::Pair("c", 1)));
  EXPECT_EQ(summary->counts.rows, 4);
  EXPECT_EQ(summary->counts.skipped_suffix, 1);
  EXPECT_EQ(summary->size_bytes, 15);
  EXPECT_EQ(summary->items_without_size, 1);
  EXPECT_EQ(format_time(*summary->oldest), "2026-01-01T00:00:00Z");
  EXPECT_EQ(format_time(*summary->newest), "2026-03-01T00:00:00Z");
  EXPECT_EQ(summary->info.format, "csv");
  EXPECT_FALSE(summary->info.url_encoded);
  EXPECT_THAT(summary->identity, HasSubstr("size=139 etag="));
}

TEST_F(InventoryTest, IdentityTellsInventoriesApart) {
  put("i.csv", "bucket,key\nb,1.stac.json\n");
  const auto first = (*open("i.csv"))->identity();
  EXPECT_EQ((*open("i.csv"))->identity(), first);
  put("i.csv", "bucket,key\nb,2.stac.json\n");
  EXPECT_NE((*open("i.csv"))->identity(), first);
}

}  // namespace
}  // namespace earthcatalog::inventory
