// Differences of inventories against a std::map of each.
#include "earthcatalog/inventory/diff/diff.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <parquet/arrow/reader.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace earthcatalog::inventory {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kHeader = "bucket,key,size,last_modified_date,e_tag\n";

void put(storage::Stores& stores, const std::string& uri, const std::string& bytes) {
  const auto where = stores.locate(uri).value();
  ASSERT_TRUE(where.store->put(where.key, bytes));
}

inventory::DiffSpec spec_of(std::int64_t memory_limit_bytes = 1 << 20) {
  inventory::DiffSpec spec;
  spec.old_inventory = "memory://b/old.csv";
  spec.new_inventory = "memory://b/new.csv";
  spec.out = "memory://b/out.parquet";
  spec.inventory_options.suffix = "";
  spec.memory_limit_bytes = memory_limit_bytes;
  spec.scratch_folder = "/tmp";
  return spec;
}

// "change bucket/key etag" of each row, in the order of the file.
std::vector<std::string> changes_in(storage::Stores& stores, const std::string& uri) {
  const auto where = stores.locate(uri).value();
  const auto input = where.store->open_input(where.key).value();
  auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
  const auto table = reader->ReadTable().ValueOrDie();
  const auto text = [&](const char* column, std::int64_t row) {
    return table->GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString();
  };
  std::vector<std::string> changes;
  for (std::int64_t row = 0; row < table->num_rows(); ++row) {
    changes.push_back(
        fmt::format("{} {}/{} {}", text("change", row), text("bucket", row), text("key", row), text("e_tag", row)));
  }
  return changes;
}

RC_GTEST_PROP(Diff, IsThatOfTwoMaps, ()) {
  storage::Stores stores({});
  std::map<std::pair<std::string, std::string>, std::string> models[2];
  std::int64_t duplicates[2] = {0, 0};
  for (const int side : {0, 1}) {
    std::vector<std::string> rows;
    for (int i = 0, count = *rc::gen::inRange(0, 300); i < count; ++i) {
      const auto bucket = *rc::gen::element<std::string>("a", "a-b", "b");
      const auto key = fmt::format("some/prefix/{}", *rc::gen::inRange(0, 200));
      const auto etag = fmt::format("e{}", *rc::gen::inRange(0, 2));
      rows.push_back(fmt::format("{},{},,,{}\n", bucket, key, etag));
      const auto [at, is_new] = models[side].try_emplace({bucket, key}, etag);
      duplicates[side] += !is_new;
      at->second = std::max(at->second, etag);
    }
    // In order by name: ',' is below all letters of the names.
    if (*rc::gen::arbitrary<bool>()) std::ranges::sort(rows);
    put(stores, side == 0 ? "memory://b/old.csv" : "memory://b/new.csv",
        fmt::format("{}{}", kHeader, fmt::join(rows, "")));
  }
  std::map<std::pair<std::string, std::string>, std::string> expected;  // what is written of each object
  inventory::DiffReport counts;
  for (const auto& [name, etag] : models[0]) {
    const auto now = models[1].find(name);
    if (now == models[1].end()) {
      ++counts.removed, expected[name] = "removed " + name.first + "/" + name.second + " " + etag;
    } else if (now->second == etag) {
      ++counts.unchanged;
    } else {
      ++counts.changed, expected[name] = "changed " + name.first + "/" + name.second + " " + now->second;
    }
  }
  for (const auto& [name, etag] : models[1]) {
    if (models[0].contains(name)) continue;
    ++counts.added, expected[name] = "added " + name.first + "/" + name.second + " " + etag;
  }
  const auto report = inventory::diff_inventories(stores, spec_of(*rc::gen::element<std::int64_t>(0, 4000, 1 << 20)));
  RC_ASSERT(report.has_value());
  RC_ASSERT(std::tie(report->added, report->changed, report->removed, report->unchanged) ==
            std::tie(counts.added, counts.changed, counts.removed, counts.unchanged));
  RC_ASSERT(report->old_objects == static_cast<std::int64_t>(models[0].size()));
  RC_ASSERT(report->new_objects == static_cast<std::int64_t>(models[1].size()));
  RC_ASSERT(report->old_objects == report->changed + report->removed + report->unchanged);
  RC_ASSERT(report->new_objects == report->changed + report->added + report->unchanged);
  RC_ASSERT(report->old_duplicates == duplicates[0]);
  RC_ASSERT(report->new_duplicates == duplicates[1]);
  std::vector<std::string> in_order;
  for (const auto& [name, change] : expected) in_order.push_back(change);
  RC_ASSERT(changes_in(stores, "memory://b/out.parquet") == in_order);
}

class DiffTest : public ::testing::Test {
 protected:
  inventory::DiffReport diff(const std::string& old_rows, const std::string& new_rows) {
    put(stores_, "memory://b/old.csv", kHeader + old_rows);
    put(stores_, "memory://b/new.csv", kHeader + new_rows);
    const auto report = inventory::diff_inventories(stores_, spec_of());
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(inventory::DiffReport{});
  }
  std::vector<std::string> changes() { return changes_in(stores_, "memory://b/out.parquet"); }
  Error refused(const inventory::DiffSpec& spec) {
    const auto report = inventory::diff_inventories(stores_, spec);
    EXPECT_FALSE(report);
    const auto out = stores_.locate("memory://b/out.parquet").value();
    EXPECT_FALSE(out.store->head(out.key).value()) << "nothing may be written";
    return report ? Error{} : report.error();
  }

  storage::Stores stores_{{}};
};

TEST_F(DiffTest, ComparesByWhatBothRowsGive) {
  const auto report = diff(
      "b,etag,1,2020-01-01T00:00:00Z,e1\n"
      "b,time,1,2020-01-01T00:00:00Z,\n"
      "b,seconds,1,2020-01-01T00:00:00.5Z,e\n"
      "b,size,1,,\nb,name,1,,\n",
      "b,etag,2,2021-01-01T00:00:00Z,e1\n"  // the etag says that it is the same, whatever the rest
      "b,time,1,2020-01-02T00:00:00Z,e2\n"
      "b,seconds,2,2020-01-01T00:00:00Z,\n"
      "b,size,2,2020-01-01T00:00:00Z,e\nb,name,,2020-01-01T00:00:00Z,e\n");
  EXPECT_THAT(changes(), ElementsAre("changed b/size e", "changed b/time e2"));
  EXPECT_EQ(report.compared_by.etag, 1);
  EXPECT_EQ(report.compared_by.last_modified, 2);
  EXPECT_EQ(report.compared_by.size, 1);
  EXPECT_EQ(report.compared_by.name, 1);
  EXPECT_THAT(to_text(report), HasSubstr("1 objects were compared by name alone"));
}

TEST_F(DiffTest, LastModifiedRowCountsInAnyOrder) {
  const std::string older = "b,k,1,2020-01-01T00:00:00Z,e1\n", newer = "b,k,1,2021-01-01T00:00:00Z,e0\n";
  for (const auto& twice : {older + newer, newer + older}) {
    const auto report = diff(twice, newer);
    EXPECT_EQ(report.unchanged, 1);
    EXPECT_EQ(report.old_duplicates, 1);
    EXPECT_EQ(report.old_objects, 1);
  }
}

TEST_F(DiffTest, EmptyInventoriesAndTheSameOneTwice) {
  const std::string row = "b,k,1,2020-01-01T00:00:00Z,e\n";
  EXPECT_EQ(diff("", "").unchanged, 0);
  EXPECT_THAT(changes(), ElementsAre());
  EXPECT_EQ(diff("", row).added, 1);
  EXPECT_EQ(diff(row, "").removed, 1);
  EXPECT_THAT(changes(), ElementsAre("removed b/k e"));
  auto spec = spec_of();
  spec.new_inventory = spec.old_inventory;
  EXPECT_EQ(inventory::diff_inventories(stores_, spec)->unchanged, 1);
}

TEST_F(DiffTest, IsAnInventoryWithoutItsRemovedRows) {
  diff("b,gone,1,,e\nb,same,1,,e\nb,changed,1,,e\n",
       "b,same,1,,e\nb,changed,2,2020-01-01T00:00:00.25Z,f\nb,new,1,,e\n");
  inventory::InventoryOptions all;
  all.suffix = "";
  const auto inventory = inventory::open_inventory(stores_, "memory://b/out.parquet", all).value();
  std::vector<storage::ObjectRef> objects;
  ASSERT_TRUE(inventory->next(objects, 10));
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[0].key, "changed");
  EXPECT_EQ(objects[0].etag, "f");
  EXPECT_EQ(objects[0].size_bytes, 2);
  EXPECT_EQ(objects[0].last_modified, 1'577'836'800'250'000);
  EXPECT_EQ(objects[1].key, "new");
  EXPECT_EQ(inventory->counts().skipped_versions, 1);
}

TEST_F(DiffTest, RefusesWhatCannotBeReadOrWritten) {
  put(stores_, "memory://b/old.csv", kHeader);
  EXPECT_THAT(refused(spec_of()).message, HasSubstr("memory://b/new.csv does not exist"));
  put(stores_, "memory://b/new.csv", std::string("bucket,key\n") + "b,\"never closed\n");
  EXPECT_THAT(refused(spec_of()).message, AllOf(HasSubstr("new.csv"), HasSubstr("row 2")));
  put(stores_, "memory://b/new.csv", "");
  EXPECT_THAT(refused(spec_of()).message, HasSubstr("empty"));
  put(stores_, "memory://b/cut.parquet", "PAR1 and then nothing more");
  auto cut = spec_of();
  cut.new_inventory = "memory://b/cut.parquet";
  EXPECT_THAT(refused(cut).message, HasSubstr("cut.parquet"));
  auto over = spec_of();
  over.out = over.old_inventory;
  EXPECT_EQ(refused(over).kind, ErrorKind::kInvalidArgument);
  over.out = "memory://b/out.csv";
  EXPECT_THAT(refused(over).message, HasSubstr(".parquet"));
}

}  // namespace
}  // namespace earthcatalog::inventory
