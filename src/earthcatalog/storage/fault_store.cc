#include "earthcatalog/storage/fault_store.h"

#include <arrow/io/interfaces.h>

#include <chrono>
#include <thread>

#include "earthcatalog/storage/output_stream.h"

namespace earthcatalog::storage {

// `action(limit)` does the call with at most `limit` bytes read or written.
template <class Action>
auto FaultStore::disturb(Call call, std::string_view key, Action action) -> decltype(action(SIZE_MAX)) {
  const auto fault = meet(call, key);
  if (!fault) return action(SIZE_MAX);
  switch (fault->effect) {
    case Fault::Effect::kTruncate:
      return action(fault->keep_bytes);
    case Fault::Effect::kDelay:
      std::this_thread::sleep_for(std::chrono::duration<double>(fault->delay_seconds));
      return action(SIZE_MAX);
    case Fault::Effect::kLoseReply:
      (void)action(SIZE_MAX);
      break;
    case Fault::Effect::kFail:
      break;
  }
  return std::unexpected(Error(fault->error).annotate(uri(key)));
}

class FaultStore::Output final : public StoreOutput {
 public:
  Output(FaultStore& store, std::shared_ptr<arrow::io::OutputStream> inner, std::string key)
      : store_(store), inner_(std::move(inner)), key_(std::move(key)) {}
  ~Output() override { abandon(); }

 private:
  static Status from(const arrow::Status& status) {
    if (status.ok()) return {};
    return std::unexpected(from_arrow(status));
  }
  Status append(std::string_view bytes) override {
    return store_.disturb(Call::kWrite, key_, [&](std::size_t limit) {
      const std::string_view kept = bytes.substr(0, limit);
      return from(inner_->Write(kept.data(), static_cast<std::int64_t>(kept.size())));
    });
  }
  Status finish() override {
    return store_.disturb(Call::kClose, key_, [&](std::size_t) { return from(inner_->Close()); });
  }
  void discard() override { (void)inner_->Abort(); }

  FaultStore& store_;
  const std::shared_ptr<arrow::io::OutputStream> inner_;
  const std::string key_;
};

void FaultStore::add(Fault fault) {
  const MutexLock lock(mutex_);
  plan_.push_back({.fault = std::move(fault)});
}

void FaultStore::clear() {
  const MutexLock lock(mutex_);
  plan_.clear();
}

int FaultStore::calls(Call call) {
  const MutexLock lock(mutex_);
  return calls_[call];
}

int FaultStore::disturbed() const {
  const MutexLock lock(mutex_);
  return disturbed_;
}

std::optional<Fault> FaultStore::meet(Call call, std::string_view key) {
  const MutexLock lock(mutex_);
  ++calls_[call];
  std::optional<Fault> met;
  for (Planned& planned : plan_) {
    const Fault& fault = planned.fault;
    if ((fault.on && *fault.on != call) || key.find(fault.key_part) == key.npos) continue;
    ++planned.seen;
    const int since = planned.seen - fault.nth;
    if (!met && since >= 0 && since < fault.times) met = fault;
  }
  if (met) ++disturbed_;
  return met;
}

Result<std::optional<Object>> FaultStore::get(std::string_view key) {
  return disturb(Call::kGet, key, [&](std::size_t limit) {
    auto object = inner_->get(key);
    if (object && *object && (*object)->bytes.size() > limit) (*object)->bytes.resize(limit);
    return object;
  });
}

Result<std::optional<std::string>> FaultStore::get_range(std::string_view key, std::int64_t offset,
                                                         std::int64_t length) {
  return disturb(Call::kGetRange, key, [&](std::size_t limit) {
    auto bytes = inner_->get_range(key, offset, length);
    if (bytes && *bytes && (*bytes)->size() > limit) (*bytes)->resize(limit);
    return bytes;
  });
}

Result<std::optional<ObjectInfo>> FaultStore::head(std::string_view key) {
  return disturb(Call::kHead, key, [&](std::size_t) { return inner_->head(key); });
}

Result<PutResult> FaultStore::put(std::string_view key, std::string_view bytes, Existing existing) {
  return disturb(Call::kPut, key,
                 [&](std::size_t limit) { return inner_->put(key, bytes.substr(0, limit), existing); });
}

Result<PutResult> FaultStore::put_if_absent(std::string_view key, std::string_view bytes) {
  return disturb(Call::kPutIfAbsent, key,
                 [&](std::size_t limit) { return inner_->put_if_absent(key, bytes.substr(0, limit)); });
}

Result<PutResult> FaultStore::put_if_match(std::string_view key, std::string_view bytes, std::string_view etag) {
  return disturb(Call::kPutIfMatch, key,
                 [&](std::size_t limit) { return inner_->put_if_match(key, bytes.substr(0, limit), etag); });
}

Status FaultStore::list(std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit) {
  return disturb(Call::kList, prefix, [&](std::size_t) { return inner_->list(prefix, visit); });
}

Status FaultStore::remove(std::span<const std::string> keys) {
  return disturb(Call::kRemove, keys.empty() ? std::string_view() : keys.front(),
                 [&](std::size_t) { return inner_->remove(keys); });
}

Result<bool> FaultStore::remove_if_match(std::string_view key, std::string_view etag) {
  return disturb(Call::kRemove, key, [&](std::size_t) { return inner_->remove_if_match(key, etag); });
}

Result<bool> FaultStore::copy(std::string_view from, std::string_view to, Existing existing) {
  return disturb(Call::kCopy, to, [&](std::size_t) { return inner_->copy(from, to, existing); });
}

Result<std::shared_ptr<arrow::io::OutputStream>> FaultStore::open_output(std::string_view key, Existing existing) {
  return disturb(Call::kOpenOutput, key, [&](std::size_t) -> Result<std::shared_ptr<arrow::io::OutputStream>> {
    EC_ASSIGN_OR_RETURN(auto inner, inner_->open_output(key, existing));
    return std::make_shared<Output>(*this, std::move(inner), std::string(key));
  });
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> FaultStore::open_input(std::string_view key,
                                                                            std::optional<std::int64_t> size_bytes) {
  return disturb(Call::kOpenInput, key, [&](std::size_t) { return inner_->open_input(key, size_bytes); });
}

Status FaultStore::make_durable() {
  return disturb(Call::kMakeDurable, "", [&](std::size_t) { return inner_->make_durable(); });
}

}  // namespace earthcatalog::storage
