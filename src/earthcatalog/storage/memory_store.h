// Objects in memory: for tests and for small catalogs that need not outlive the process.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/storage/object_store.h"

namespace earthcatalog::storage {

class MemoryStore : public ObjectStore {
 public:
  explicit MemoryStore(std::string name, Clock clock = system_now) : name_(std::move(name)), clock_(clock) {}

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

 private:
  struct Entry {
    ObjectInfo info;
    std::shared_ptr<const std::string> bytes;
  };
  Result<PutResult> store(std::string_view key, std::string bytes) EC_REQUIRES(mutex_);
  std::optional<Entry> find(std::string_view key);

  const std::string name_;
  const Clock clock_;
  Mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_ EC_GUARDED_BY(mutex_);
  std::uint64_t writes_ EC_GUARDED_BY(mutex_) = 0;
};

}  // namespace earthcatalog::storage
