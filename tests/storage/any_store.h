// The stores that the conformance suite runs on. Each test gets a place of its own.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/storage/object_store.h"

namespace earthcatalog::storage {

enum class Kind { kMemory, kLocal, kS3, kArrow };
std::string name_of(const testing::TestParamInfo<Kind>& info);

/// A store of one kind, and keys below a prefix that no other test uses.
class AnyStoreTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override;

  ObjectStore& store() { return *store_; }
  std::string key(std::string_view name) const { return prefix_ + std::string(name); }
  bool is(Kind kind) const { return GetParam() == kind; }
  /// A second one of the same place, as another process would have it (memory: the same object).
  std::shared_ptr<ObjectStore> another();

  std::string put(std::string_view name, std::string_view bytes);  ///< its etag
  std::optional<std::string> get(std::string_view name);
  std::vector<std::string> list(std::string_view prefix);  ///< names, without this test's prefix

 private:
  std::shared_ptr<ObjectStore> store_;
  std::shared_ptr<void> folder_;
  std::string root_;
  std::string prefix_;
};

}  // namespace earthcatalog::storage
