#include "earthcatalog/storage/object_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "support/temp_folder.h"

namespace earthcatalog::storage {
namespace {

namespace fs = std::filesystem;
using testing_support::TempFolder;

std::string found(const ObjectCache& cache, const std::string& uri) {
  const auto entry = cache.find("k", uri);
  return entry == nullptr ? "nothing" : std::string(entry->bytes());
}

std::vector<fs::path> files_of(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(folder)) files.push_back(file.path());
  return files;
}

TEST(ObjectCache, FindsWhatWasKeptUnderItsKindAndUri) {
  const TempFolder folder;
  const ObjectCache cache({.folder = folder / "deep/cache"});
  EXPECT_EQ(found(cache, "s3://b/a"), "nothing");
  cache.keep("k", "s3://b/a", "first");
  cache.keep("k", "s3://b/b", "");
  EXPECT_EQ(found(cache, "s3://b/a"), "first");
  EXPECT_EQ(found(cache, "s3://b/b"), "");
  EXPECT_EQ(cache.find("other", "s3://b/a"), nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(cache.find("k", "s3://b/a")->bytes().data()) % 64, 0);
  cache.forget("k", "s3://b/a");
  EXPECT_EQ(found(cache, "s3://b/a"), "nothing");
}

TEST(ObjectCache, TakesAFileOfAnotherMakingForNothing) {
  const TempFolder folder;
  const ObjectCache cache({.folder = folder.path()});
  cache.keep("k", "s3://b/a", "first");
  const auto file = files_of(folder.path()).at(0);
  for (const std::string content :
       {"", "ECCACHE1", "something else that is longer than the head of an entry would be"}) {
    std::ofstream(file) << content;
    EXPECT_EQ(found(cache, "s3://b/a"), "nothing") << content;
  }
  cache.keep("k", "s3://b/a", "again");
  EXPECT_EQ(found(cache, "s3://b/a"), "again");
}

TEST(ObjectCache, LetsTheLongestUnusedGoBeyondItsSize) {
  const TempFolder folder;
  const ObjectCache cache({.folder = folder.path(), .most_bytes = 2'500});
  const std::string bytes(1'000, 'x');
  for (const std::string name : {"a", "b"}) {
    cache.keep("k", name, bytes);
    for (const auto& file : files_of(folder.path())) {
      fs::last_write_time(file, fs::last_write_time(file) - std::chrono::hours(2));
    }
  }
  EXPECT_EQ(found(cache, "a"), bytes) << "and that is a use of it";
  cache.keep("k", "c", bytes);
  EXPECT_EQ(found(cache, "a"), bytes);
  EXPECT_EQ(found(cache, "b"), "nothing");
  EXPECT_EQ(found(cache, "c"), bytes);
}

TEST(ObjectCache, KeepsNothingWhereNothingCanBeWritten) {
  const TempFolder folder;
  std::ofstream(folder / "file") << "no folder";
  const ObjectCache cache({.folder = folder / "file/cache"});
  cache.keep("k", "s3://b/a", "first");
  EXPECT_EQ(found(cache, "s3://b/a"), "nothing");
}

TEST(ObjectCache, GivesWholeEntriesWhileOthersKeepAndForgetThem) {
  const TempFolder folder;
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0, seen = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const ObjectCache cache({.folder = folder.path(), .most_bytes = 300'000});
      const std::string bytes(100'000, 'x');
      for (int round = 0; round < 100; ++round) {
        const auto name = std::to_string((i + round) % 5);
        cache.keep("k", name, bytes);
        const auto entry = cache.find("k", name);
        if (round % 10 == 0) cache.forget("k", name);
        if (entry == nullptr) continue;
        ++seen;
        if (entry->bytes() != bytes) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(seen, 0);
}

TEST(WriteOnce, AreNamesWithAUuid) {
  EXPECT_TRUE(is_write_once("s3://b/metadata/00001-85dc68b7-ef19-488d-b543-ebffab6a3839.metadata.json"));
  EXPECT_TRUE(is_write_once("s3://b/85dc68b7ef19488db543ebffab6a3839-m0.avro"));
  EXPECT_FALSE(is_write_once("s3://b/85dc68b7-ef19-488d-b543-ebffab6a3839/v3.metadata.json"));
  EXPECT_FALSE(is_write_once("s3://b/version-hint.text"));
}

}  // namespace
}  // namespace earthcatalog::storage
