// Files below a folder. A put is a temporary file in the same folder and a rename, so that no reader sees a part.
//
// Two limits that object stores do not have: a key cannot lie below another key ("a" and "a/b"), and a part of a key
// between slashes has at most 255 bytes and is neither "." nor "..". Folders come with their first file and stay.
#pragma once

#include <map>
#include <string>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/storage/object_store.h"

namespace earthcatalog::storage {

class LocalStore : public ObjectStore {
 public:
  /// `root` is an absolute path; it need not exist before the first put.
  explicit LocalStore(std::string root);

  std::string uri(std::string_view key) const override;
  Capabilities capabilities() const override { return {.conditional_put = true, .atomic_put = true}; }
  Result<std::optional<Object>> get(std::string_view key) override;
  Result<std::optional<std::string>> get_range(std::string_view key, std::int64_t offset, std::int64_t length) override;
  Result<std::optional<ObjectInfo>> head(std::string_view key) override;
  Result<PutResult> put(std::string_view key, std::string_view bytes, Existing existing = Existing::kReplace) override;
  Result<PutResult> put_if_absent(std::string_view key, std::string_view bytes) override;
  Result<PutResult> put_if_match(std::string_view key, std::string_view bytes, std::string_view etag) override;
  Status list(std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit) override;
  Status remove(std::span<const std::string> keys) override;
  Result<bool> remove_if_match(std::string_view key, std::string_view etag) override;
  Result<bool> copy(std::string_view from, std::string_view to, Existing existing = Existing::kReplace) override;
  Result<std::shared_ptr<arrow::io::OutputStream>> open_output(std::string_view key,
                                                               Existing existing = Existing::kReplace) override;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_input(std::string_view key,
                                                                  std::optional<std::int64_t> size_bytes) override;
  /// Hidden files, of writes that were under way and of locks.
  Status remove_leftovers(std::string_view prefix, const LeftoverRules& rules) override;
  /// One syncfs for each file system that this object wrote to since the last call.
  Status make_durable() override;

 private:
  class Output;
  Result<std::string> path_of(std::string_view key) const;
  void remember(const std::string& path, std::uint64_t device);

  const std::string root_;  // without a slash at the end: "" for "/"
  Mutex mutex_;
  std::map<std::uint64_t, std::string> written_ EC_GUARDED_BY(mutex_);  // device -> a file on it
};

}  // namespace earthcatalog::storage
