#include "storage/any_store.h"

#include <arrow/filesystem/localfs.h>

#include <atomic>

#include "earthcatalog/storage/arrow_store.h"
#include "earthcatalog/storage/local/local_store.h"
#include "earthcatalog/storage/memory_store.h"
#include "earthcatalog/storage/s3/s3_store.h"
#include "support/s3_server.h"
#include "support/temp_folder.h"

namespace earthcatalog::storage {

using testing_support::S3Server;
using testing_support::TempFolder;

std::string name_of(const testing::TestParamInfo<Kind>& info) {
  switch (info.param) {
    case Kind::kMemory:
      return "Memory";
    case Kind::kLocal:
      return "Local";
    case Kind::kS3:
      return "S3";
    case Kind::kArrow:
      return "Arrow";
  }
  return "";
}

void AnyStoreTest::SetUp() {
  static std::atomic<int> tests{0};
  prefix_ = "t" + std::to_string(++tests) + "/";
  if (is(Kind::kLocal) || is(Kind::kArrow)) {
    auto folder = std::make_shared<TempFolder>();
    root_ = folder->path();
    folder_ = folder;
  }
  if (is(Kind::kS3)) {
    ASSERT_TRUE(S3Server::shared().running()) << S3Server::shared().problem();
  }
  if (is(Kind::kMemory)) {
    store_ = std::make_shared<MemoryStore>("test");
  } else {
    store_ = another();
  }
}

std::shared_ptr<ObjectStore> AnyStoreTest::another() {
  switch (GetParam()) {
    case Kind::kMemory:
      return store_;
    case Kind::kLocal:
      return std::make_shared<LocalStore>(root_);
    case Kind::kArrow:
      return std::make_shared<ArrowStore>("arrow://" + root_, std::make_shared<arrow::fs::LocalFileSystem>(), root_);
    case Kind::kS3: {
      const S3Server& server = S3Server::shared();
      auto bucket = S3Bucket::make(S3Server::kBucket, server.settings());
      return std::make_shared<S3Store>(S3Server::kBucket, *bucket);
    }
  }
  return nullptr;
}

std::string AnyStoreTest::put(std::string_view name, std::string_view bytes) {
  const auto result = store().put(key(name), bytes);
  EXPECT_TRUE(result.has_value()) << result.error().message;
  if (!result) return "";
  EXPECT_TRUE(result->stored);
  return result->etag;
}

std::optional<std::string> AnyStoreTest::get(std::string_view name) {
  auto result = store().get(key(name));
  EXPECT_TRUE(result.has_value()) << result.error().message;
  if (!result || !*result) return std::nullopt;
  return std::move((*result)->bytes);
}

std::vector<std::string> AnyStoreTest::list(std::string_view prefix) {
  std::vector<std::string> names;
  const Status status = store().list(key(prefix), [&](const ObjectInfo& info) -> Status {
    EXPECT_TRUE(info.key.starts_with(prefix_)) << info.key;
    names.push_back(info.key.substr(prefix_.size()));
    return {};
  });
  EXPECT_TRUE(status.has_value()) << status.error().message;
  return names;
}

}  // namespace earthcatalog::storage
