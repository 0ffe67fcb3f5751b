#include "earthcatalog/generate/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <tuple>

#include "earthcatalog/generate/in_order.h"
#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::generate {
namespace {

using storage::ObjectRef;
using Refs = std::map<std::string, std::tuple<std::string, std::int64_t, TimeMicros>>;

class GenerateTest : public testing::Test {
 protected:
  Result<Refs> read(const std::string& uri, const std::string& suffix = ".stac.json",
                    const std::string& source_root = "s3://") {
    EC_ASSIGN_OR_RETURN(const auto inventory,
                        inventory::open_inventory(stores_, uri, {.suffix = suffix, .source_root = source_root}));
    Refs refs;
    std::vector<ObjectRef> batch;
    do {
      EC_TRY(inventory->next(batch, 100));
      for (const auto& object : batch)
        refs[object.key] = {object.bucket, object.size_bytes.value(), object.last_modified.value()};
    } while (!batch.empty());
    return refs;
  }
  std::string get(const std::string& uri) {
    const auto at = stores_.locate(uri).value();
    const auto object = at.store->get(at.key).value();
    EXPECT_TRUE(object.has_value()) << uri;
    return object ? object->bytes : "";
  }
  storage::Stores stores_{storage::StorageSettings{}};
};

TEST_F(GenerateTest, EveryInventoryListsEveryObject) {
  GenerateOptions options{
      .items = 700, .out = "memory://test/archive", .duplicate_every = 10, .manifest_part_rows = 300};
  const auto report = generate(stores_, options);
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->items, 700);
  EXPECT_EQ(report->objects, 770);
  EXPECT_EQ(report->source_root, "memory://test/archive");
  ASSERT_EQ(report->inventories.size(), 4);
  const auto expected = read(report->inventories[0]);
  ASSERT_TRUE(expected.has_value()) << expected.error().message;
  EXPECT_EQ(expected->size(), 770);
  std::int64_t bytes = 0;
  for (const auto& [key, row] : *expected) {
    EXPECT_EQ(std::get<0>(row), "its-live-data");
    EXPECT_EQ(static_cast<std::int64_t>(get("memory://test/archive/its-live-data/" + key).size()), std::get<1>(row));
    bytes += std::get<1>(row);
  }
  EXPECT_EQ(bytes, report->bytes);
  for (const auto& uri : report->inventories) {
    const auto refs = read(uri);
    ASSERT_TRUE(refs.has_value()) << refs.error().message;
    EXPECT_EQ(*refs, *expected) << uri;
  }
  EXPECT_EQ((*inventory::open_inventory(stores_, report->inventories[3], {}))->info().data_files, 3);
  const auto listed = read("memory://test/archive/", ".stac.json", report->source_root);
  ASSERT_TRUE(listed.has_value()) << listed.error().message;
  EXPECT_EQ(listed->size(), 770);
}

TEST_F(GenerateTest, WritersMakeNoDifference) {
  GenerateOptions options{.items = 3000, .out = "memory://test/one", .writers = 1};
  ASSERT_TRUE(generate(stores_, options).has_value());
  options.out = "memory://test/many";
  options.writers = 7;
  ASSERT_TRUE(generate(stores_, options).has_value());
  EXPECT_EQ(get("memory://test/one/inventory.csv"), get("memory://test/many/inventory.csv"));
  EXPECT_EQ(get("memory://test/one/inventory.parquet"), get("memory://test/many/inventory.parquet"));
}

TEST_F(GenerateTest, ASetCanBeExtended) {
  GenerateOptions options{.items = 20, .out = "memory://test/whole"};
  ASSERT_TRUE(generate(stores_, options).has_value());
  options.out = "memory://test/rest";
  options.items = 5;
  options.start = 15;
  ASSERT_TRUE(generate(stores_, options).has_value());
  const auto whole = read("memory://test/whole/inventory.csv").value();
  const auto rest = read("memory://test/rest/inventory.csv").value();
  EXPECT_EQ(rest.size(), 5);
  for (const auto& [key, row] : rest) {
    EXPECT_EQ(whole.at(key), row);
    EXPECT_EQ(get("memory://test/rest/its-live-data/" + key), get("memory://test/whole/its-live-data/" + key));
  }
}

TEST_F(GenerateTest, SidecarsAreRowsWithoutObjects) {
  GenerateOptions options{.items = 10, .out = "memory://test/side", .sidecar_rows = 9};
  const auto report = generate(stores_, options);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->objects, 10);
  EXPECT_EQ(report->inventory_rows, 100);
  EXPECT_EQ(read("memory://test/side/inventory.csv.gz", "").value().size(), 100);
  EXPECT_EQ(read("memory://test/side/inventory.csv.gz").value().size(), 10);
}

TEST_F(GenerateTest, InventoriesAloneAndEachAlone) {
  GenerateOptions options{.items = 10, .out = "memory://test/alone", .write_objects = false};
  options.inventories = {.csv = false, .csv_gz = true, .parquet = false, .manifest = false};
  const auto report = generate(stores_, options);
  ASSERT_TRUE(report.has_value());
  EXPECT_THAT(report->inventories, testing::ElementsAre("memory://test/alone/inventory.csv.gz"));
  const auto at = stores_.locate("memory://test/alone/").value();
  int objects = 0;
  ASSERT_TRUE(at.store->list("alone/", [&](const auto&) { return ++objects, Status{}; }).has_value());
  EXPECT_EQ(objects, 1);
}

TEST_F(GenerateTest, WritesAFolderThatCanBeListed) {
  const auto folder = std::filesystem::path(testing::TempDir()) / fmt::format("generate-{}", ::getpid());
  GenerateOptions options{.items = 300, .out = folder.string(), .bucket = "b"};
  const auto report = generate(stores_, options);
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->source_root, "file://" + folder.string());
  const auto listed = read(folder.string(), ".stac.json", report->source_root);
  ASSERT_TRUE(listed.has_value()) << listed.error().message;
  const auto manifest = read((folder / "inventory/manifest.json").string());
  ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
  EXPECT_EQ(listed->size(), 300);
  for (const auto& [key, row] : *manifest) {
    ASSERT_TRUE(listed->contains(key)) << key;
    EXPECT_EQ(std::get<0>(listed->at(key)), "b");
    EXPECT_EQ(std::get<1>(listed->at(key)), std::get<1>(row));
  }
  std::filesystem::remove_all(folder);
}

TEST_F(GenerateTest, NothingIsAValidArchive) {
  GenerateOptions options{.items = 0, .out = "memory://test/none"};
  const auto report = generate(stores_, options);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->objects, 0);
  EXPECT_EQ(read("memory://test/none/inventory.csv").value().size(), 0);
  EXPECT_EQ(read("memory://test/none/inventory.parquet").value().size(), 0);
  EXPECT_EQ(read("memory://test/none/inventory/manifest.json").value().size(), 0);
}

TEST_F(GenerateTest, RefusesBadOptions) {
  for (const auto& options : {GenerateOptions{.items = -1}, GenerateOptions{.start = -1},
                              GenerateOptions{.bucket = "a/b"}, GenerateOptions{.duplicate_every = -1},
                              GenerateOptions{.sidecar_rows = -1}, GenerateOptions{.manifest_part_rows = 0}}) {
    auto with_place = options;
    with_place.out = "memory://test/x";
    const auto report = generate(stores_, with_place);
    ASSERT_FALSE(report.has_value());
    EXPECT_EQ(report.error().kind, ErrorKind::kInvalidArgument);
  }
  EXPECT_FALSE(generate(stores_, {.out = "/proc/nowhere"}).has_value());
}

TEST(InOrder, DeliversInOrderWithAnyNumberOfThreads) {
  for (const int threads : {1, 2, 5}) {
    std::vector<std::int64_t> taken;
    const auto status = in_order<std::int64_t>(
        1000, threads, [](std::int64_t n) -> Result<std::int64_t> { return n * n; },
        [&](std::int64_t value) -> Status { return taken.push_back(value), Status{}; });
    ASSERT_TRUE(status.has_value());
    ASSERT_EQ(taken.size(), 1000);
    for (std::int64_t n = 0; n < 1000; ++n) EXPECT_EQ(taken[n], n * n);
  }
}

TEST(InOrder, TheFirstErrorEndsIt) {
  for (const bool in_make : {true, false}) {
    int taken = 0;
    const auto status = in_order<std::int64_t>(
        1'000'000, 4,
        [&](std::int64_t n) -> Result<std::int64_t> {
          if (in_make && n == 100) return fail(ErrorKind::kIOError, "made badly");
          return n;
        },
        [&](std::int64_t n) -> Status {
          if (!in_make && n == 100) return fail(ErrorKind::kIOError, "taken badly");
          return ++taken, Status{};
        });
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().message, in_make ? "made badly" : "taken badly");
    EXPECT_LE(taken, 100);
  }
}

}  // namespace
}  // namespace earthcatalog::generate
