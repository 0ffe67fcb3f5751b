// A store on top of one of Arrow's file systems: gs:// and abfs://, for reading and for the warehouse. Arrow has no
// conditional writes, so catalogs and locks cannot be kept there.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/storage/object_store.h"

namespace arrow::fs {
class FileSystem;
}  // namespace arrow::fs

namespace earthcatalog::storage {

class ArrowStore : public ObjectStore {
 public:
  /// Keys lie below `root`, a path of `fs`; `root_uri` has no slash at its end.
  ArrowStore(std::string root_uri, std::shared_ptr<arrow::fs::FileSystem> fs, std::string root);

  std::string uri(std::string_view key) const override;
  Capabilities capabilities() const override { return {.conditional_put = false, .atomic_put = false, .far = true}; }
  Result<std::optional<Object>> get(std::string_view key) override;
  Result<std::optional<std::string>> get_range(std::string_view key, std::int64_t offset, std::int64_t length) override;
  Result<std::optional<ObjectInfo>> head(std::string_view key) override;
  Result<PutResult> put(std::string_view key, std::string_view bytes, Existing existing = Existing::kReplace) override;
  Result<PutResult> put_if_absent(std::string_view key, std::string_view bytes) override;
  Result<PutResult> put_if_match(std::string_view key, std::string_view bytes, std::string_view etag) override;
  /// Arrow lists a folder at once: its names are held in memory.
  Status list(std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit) override;
  Status remove(std::span<const std::string> keys) override;
  Result<bool> remove_if_match(std::string_view key, std::string_view etag) override;
  Result<bool> copy(std::string_view from, std::string_view to, Existing existing = Existing::kReplace) override;
  Result<std::shared_ptr<arrow::io::OutputStream>> open_output(std::string_view key,
                                                               Existing existing = Existing::kReplace) override;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_input(std::string_view key,
                                                                  std::optional<std::int64_t> size_bytes) override;

 private:
  class Output;
  Result<std::string> path_of(std::string_view key) const;
  Status check_free(std::string_view key, Existing existing);

  const std::string root_uri_;
  const std::shared_ptr<arrow::fs::FileSystem> fs_;
  const std::string root_;
};

/// The store of a bucket or container, by a URI as Arrow takes it ("gs://bucket", "abfs://container@account…").
Result<std::shared_ptr<ObjectStore>> open_arrow_store(const std::string& root_uri);

}  // namespace earthcatalog::storage
