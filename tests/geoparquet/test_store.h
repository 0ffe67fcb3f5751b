// A store in memory that counts puts and can be told to fail, for tests and benchmarks of this module.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/status.h>
#include <arrow/util/io_util.h>

#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/storage/stores.h"

namespace earthcatalog::geoparquet {

class TestStore : public storage::ObjectStore {
 public:
  std::map<std::string, std::string, std::less<>> objects;
  int puts = 0, streams = 0;
  std::optional<Error> put_error;           ///< what put returns
  std::int64_t stream_capacity_bytes = -1;  ///< streams fail with ENOSPC beyond it

  std::string uri(std::string_view key) const override { return "test://store/" + std::string(key); }
  storage::Capabilities capabilities() const override { return {}; }

  Result<std::optional<storage::Object>> get(std::string_view key) override {
    const auto at = objects.find(key);
    if (at == objects.end()) return std::nullopt;
    return storage::Object{.info = {}, .bytes = at->second};
  }
  Result<std::optional<std::string>> get_range(std::string_view, std::int64_t, std::int64_t) override {
    return fail(ErrorKind::kUnsupported, "get_range");
  }
  Result<std::optional<storage::ObjectInfo>> head(std::string_view) override {
    return fail(ErrorKind::kUnsupported, "head");
  }
  Result<storage::PutResult> put(std::string_view key, std::string_view bytes,
                                 storage::Existing existing = storage::Existing::kReplace) override {
    ++puts;
    if (put_error) return std::unexpected(*put_error);
    if (existing == storage::Existing::kRefuse && objects.contains(key)) return storage::PutResult{};
    objects[std::string(key)] = bytes;
    return storage::PutResult{.stored = true, .etag = "1"};
  }
  Result<storage::PutResult> put_if_absent(std::string_view key, std::string_view bytes) override {
    return put(key, bytes, storage::Existing::kRefuse);
  }
  Result<storage::PutResult> put_if_match(std::string_view, std::string_view, std::string_view) override {
    return fail(ErrorKind::kUnsupported, "put_if_match");
  }
  Status list(std::string_view, const std::function<Status(const storage::ObjectInfo&)>&) override { return {}; }
  Status remove(std::span<const std::string>) override { return {}; }
  Result<bool> remove_if_match(std::string_view, std::string_view) override {
    return fail(ErrorKind::kUnsupported, "remove_if_match");
  }
  Result<bool> copy(std::string_view, std::string_view, storage::Existing) override {
    return fail(ErrorKind::kUnsupported, "copy");
  }

  Result<std::shared_ptr<arrow::io::OutputStream>> open_output(
      std::string_view key, storage::Existing existing = storage::Existing::kReplace) override {
    ++streams;
    if (existing == storage::Existing::kRefuse && objects.contains(key)) {
      return fail(ErrorKind::kAlreadyExists, "{} is there", uri(key));
    }
    return std::make_shared<Stream>(*this, std::string(key));
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_input(std::string_view key,
                                                                  std::optional<std::int64_t>) override {
    const auto at = objects.find(key);
    if (at == objects.end()) return fail(ErrorKind::kNotFound, "reading {}: no such object", uri(key));
    return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(at->second));
  }

 private:
  class Stream : public arrow::io::OutputStream {
   public:
    Stream(TestStore& store, std::string key) : store_(store), key_(std::move(key)) {}
    arrow::Status Write(const void* data, std::int64_t size) override {
      if (store_.stream_capacity_bytes >= 0 && std::int64_t(bytes_.size()) + size > store_.stream_capacity_bytes) {
        return arrow::internal::StatusFromErrno(ENOSPC, arrow::StatusCode::IOError, "No space left on device");
      }
      bytes_.append(static_cast<const char*>(data), static_cast<std::size_t>(size));
      return arrow::Status::OK();
    }
    arrow::Status Close() override {
      closed_ = true;
      store_.objects[key_] = bytes_;
      return arrow::Status::OK();
    }
    bool closed() const override { return closed_; }
    arrow::Result<std::int64_t> Tell() const override { return std::int64_t(bytes_.size()); }

   private:
    TestStore& store_;
    std::string key_, bytes_;
    bool closed_ = false;
  };
};

}  // namespace earthcatalog::geoparquet
