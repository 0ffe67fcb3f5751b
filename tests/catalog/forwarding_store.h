// A store that fails, or stops its caller, where a test says so; what does not fail reaches the store behind it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "earthcatalog/storage/object_store.h"

namespace earthcatalog::catalog {

class ForwardingStore final : public storage::ObjectStore {
 public:
  explicit ForwardingStore(std::shared_ptr<storage::ObjectStore> inner) : inner_(std::move(inner)) {}

  /// The probe of conditional writes aside, each is asked with the call's name ("get", "put_if_match", …): an error of
  /// `before` is returned in place of the call, one of `after` in place of its result.
  std::function<Status(std::string_view)> before, after;
  bool ignore_conditions = false;
  bool conditional = true;

  std::string uri(std::string_view key) const override { return inner_->uri(key); }
  storage::Capabilities capabilities() const override { return {.conditional_put = conditional, .atomic_put = true}; }
  Result<std::optional<storage::Object>> get(std::string_view key) override {
    return around("get", [&] { return inner_->get(key); });
  }
  Result<std::optional<std::string>> get_range(std::string_view key, std::int64_t offset,
                                               std::int64_t length) override {
    return around("get_range", [&] { return inner_->get_range(key, offset, length); });
  }
  Result<std::optional<storage::ObjectInfo>> head(std::string_view key) override {
    return around("head", [&] { return inner_->head(key); });
  }
  Result<storage::PutResult> put(std::string_view key, std::string_view bytes,
                                 storage::Existing existing = storage::Existing::kReplace) override {
    return around("put", [&] { return inner_->put(key, bytes, existing); });
  }
  Result<storage::PutResult> put_if_absent(std::string_view key, std::string_view bytes) override {
    if (key.find(".probe") != std::string_view::npos && !ignore_conditions) return inner_->put_if_absent(key, bytes);
    return around("put_if_absent",
                  [&] { return ignore_conditions ? inner_->put(key, bytes) : inner_->put_if_absent(key, bytes); });
  }
  Result<storage::PutResult> put_if_match(std::string_view key, std::string_view bytes,
                                          std::string_view etag) override {
    return around("put_if_match",
                  [&] { return ignore_conditions ? inner_->put(key, bytes) : inner_->put_if_match(key, bytes, etag); });
  }
  Status list(std::string_view prefix, const std::function<Status(const storage::ObjectInfo&)>& visit) override {
    return around("list", [&] { return inner_->list(prefix, visit); });
  }
  Status remove(std::span<const std::string> keys) override {
    if (keys.size() == 1 && keys[0].find(".probe") != std::string::npos) return inner_->remove(keys);
    return around("remove", [&] { return inner_->remove(keys); });
  }
  Result<bool> remove_if_match(std::string_view key, std::string_view etag) override {
    return around("remove", [&] { return inner_->remove_if_match(key, etag); });
  }
  Result<bool> copy(std::string_view from, std::string_view to,
                    storage::Existing existing = storage::Existing::kReplace) override {
    return around("copy", [&] { return inner_->copy(from, to, existing); });
  }
  Result<std::shared_ptr<arrow::io::OutputStream>> open_output(
      std::string_view key, storage::Existing existing = storage::Existing::kReplace) override {
    return inner_->open_output(key, existing);
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_input(std::string_view key,
                                                                  std::optional<std::int64_t> size_bytes) override {
    return inner_->open_input(key, size_bytes);
  }

 private:
  template <class Call>
  auto around(std::string_view name, Call&& call) -> decltype(call()) {
    if (before) EC_TRY(before(name));
    auto result = call();
    if (after) EC_TRY(after(name));
    return result;
  }

  const std::shared_ptr<storage::ObjectStore> inner_;
};

}  // namespace earthcatalog::catalog
