// A bucket of S3, or of what speaks its language.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "earthcatalog/storage/object_store.h"
#include "earthcatalog/storage/s3/s3_client.h"

namespace earthcatalog::storage {

class S3Store : public ObjectStore {
 public:
  S3Store(std::string bucket_name, std::shared_ptr<S3Bucket> bucket, S3Options options = {});

  std::string uri(std::string_view key) const override { return client_->uri(key); }
  Capabilities capabilities() const override { return {.conditional_put = true, .atomic_put = true, .far = true}; }
  Result<std::optional<Object>> get(std::string_view key) override;
  Result<std::optional<std::string>> get_range(std::string_view key, std::int64_t offset, std::int64_t length) override;
  Result<std::optional<ObjectInfo>> head(std::string_view key) override;
  Result<PutResult> put(std::string_view key, std::string_view bytes, Existing existing = Existing::kReplace) override;
  Result<PutResult> put_if_absent(std::string_view key, std::string_view bytes) override;
  Result<PutResult> put_if_match(std::string_view key, std::string_view bytes, std::string_view etag) override;
  /// In the order in which the server lists: AWS does so bytewise.
  Status list(std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit) override;
  Status remove(std::span<const std::string> keys) override;
  Result<bool> remove_if_match(std::string_view key, std::string_view etag) override;
  Result<bool> copy(std::string_view from, std::string_view to, Existing existing = Existing::kReplace) override;
  Result<std::shared_ptr<arrow::io::OutputStream>> open_output(std::string_view key,
                                                               Existing existing = Existing::kReplace) override;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_input(std::string_view key,
                                                                  std::optional<std::int64_t> size_bytes) override;

 private:
  Result<bool> copy_new(std::string_view from, std::string_view to);
  Result<PutResult> put_on_condition(std::string_view key, std::string_view bytes,
                                     std::pair<std::string, std::string> condition);

  const std::shared_ptr<S3Client> client_;  // shared with open streams
  enum class CopyCondition { kUntried, kHonoured, kIgnored };
  std::atomic<CopyCondition> copy_condition_ = CopyCondition::kUntried;
};

}  // namespace earthcatalog::storage
