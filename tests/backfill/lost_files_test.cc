#include "earthcatalog/backfill/tasks/lost_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <memory>
#include <vector>

#include "earthcatalog/storage/fault_store.h"
#include "earthcatalog/storage/memory_store.h"

namespace earthcatalog::backfill {
namespace {

using storage::Call;

// A listing of this store is out of date: it lacks one object.
class OldListing : public storage::FaultStore {
 public:
  using FaultStore::FaultStore;
  std::string unlisted;

  Status list(std::string_view prefix, const std::function<Status(const storage::ObjectInfo&)>& visit) override {
    return FaultStore::list(
        prefix, [&](const storage::ObjectInfo& info) { return info.key == unlisted ? Status() : visit(info); });
  }
};

class LostFilesTest : public testing::Test {
 protected:
  LostFilesTest() { stores_.replace("memory://lost", store_); }

  std::vector<iceberg::DataFile> write(int count) {
    std::vector<iceberg::DataFile> files;
    for (int i = 0; i < count; ++i) {
      const auto key = fmt::format("wh/grid_partition=c{}/year=2020/part_000000_0.parquet", i);
      EXPECT_TRUE(inner_->put(key, "12345").has_value());
      files.push_back({.file_path = inner_->uri(key), .file_size_in_bytes = 5});
    }
    return files;
  }

  auto find(const std::vector<iceberg::DataFile>& files) { return find_lost(stores_, "memory://lost/wh", files); }

  std::shared_ptr<storage::MemoryStore> inner_ = std::make_shared<storage::MemoryStore>("lost");
  std::shared_ptr<OldListing> store_ = std::make_shared<OldListing>(inner_);
  storage::Stores stores_{{}};
};

TEST_F(LostFilesTest, ManyAreLookedForInOneListing) {
  EXPECT_EQ(find(write(500)), std::nullopt);
  EXPECT_EQ(store_->calls(Call::kList), 1);
  EXPECT_EQ(store_->calls(Call::kHead), 0);
}

TEST_F(LostFilesTest, AFewAreAskedForByName) {
  EXPECT_EQ(find(write(5)), std::nullopt);
  EXPECT_EQ(store_->calls(Call::kList), 0);
  EXPECT_EQ(store_->calls(Call::kHead), 5);
}

TEST_F(LostFilesTest, AFileThatIsGoneOrOfAnotherSizeIsFound) {
  for (const int count : {5, 500}) {
    auto files = write(count);
    files[3].file_size_in_bytes = 6;
    EXPECT_EQ(find(files), 3u);
    files = write(count);
    files[4].file_path += ".gone";
    EXPECT_EQ(find(files), 4u);
  }
}

TEST_F(LostFilesTest, AFileThatAListingLacksIsAskedForByName) {
  const auto files = write(500);
  store_->unlisted = "wh/grid_partition=c7/year=2020/part_000000_0.parquet";
  EXPECT_EQ(find(files), std::nullopt);
  EXPECT_EQ(store_->calls(Call::kHead), 1);
}

TEST_F(LostFilesTest, AListingOfFarMoreFilesIsBrokenOff) {
  auto files = write(5'000);
  files.erase(files.begin() + 100, files.end());
  EXPECT_EQ(find(files), std::nullopt);
  EXPECT_EQ(store_->calls(Call::kList), 1);
  EXPECT_GT(store_->calls(Call::kHead), 0);
}

TEST_F(LostFilesTest, AStoreThatCannotBeListedIsAnError) {
  const auto files = write(500);
  store_->add({.on = Call::kList});
  EXPECT_FALSE(find(files).has_value());
}

}  // namespace
}  // namespace earthcatalog::backfill
