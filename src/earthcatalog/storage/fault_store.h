// A store that goes wrong as told, around one that works. For tests of what is built on stores: whatever fails at
// whatever point, readers must see the state before or after.
//
//   FaultStore store(inner);
//   store.add({.on = Call::kPutIfMatch, .effect = Fault::Effect::kLoseReply});      // the next one
//   store.add({.on = Call::kClose, .nth = 3, .times = Fault::kForEver});            // a crash at the third file
#pragma once

#include <climits>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/storage/object_store.h"

namespace earthcatalog::storage {

/// Calls that can be disturbed. kWrite and kClose are of the streams that open_output gave.
enum class Call {
  kGet,
  kGetRange,
  kHead,
  kPut,
  kPutIfAbsent,
  kPutIfMatch,
  kList,
  kRemove,
  kCopy,
  kOpenOutput,
  kWrite,
  kClose,
  kOpenInput,
  kMakeDurable,
};

struct Fault {
  enum class Effect {
    kFail,       ///< nothing happens but the error
    kLoseReply,  ///< it happens, and then the error
    kTruncate,   ///< a read gives, a write stores, only `keep_bytes`; no error
    kDelay,      ///< it happens after `delay_seconds`
  };
  static constexpr int kForEver = INT_MAX;

  std::optional<Call> on = {};  ///< none: any call
  std::string key_part = {};    ///< only keys that contain it
  int nth = 1;                  ///< the first of the calls that fit that is disturbed, counted from when it was added
  int times = 1;                ///< how many are, one after the other
  Effect effect = Effect::kFail;
  Error error = {ErrorKind::kIOError, "injected fault"};
  std::size_t keep_bytes = 0;
  double delay_seconds = 0;
};

/// Thread-safe. Of several faults that fit a call, the first added takes effect; all count it.
class FaultStore : public ObjectStore {
 public:
  explicit FaultStore(std::shared_ptr<ObjectStore> inner) : inner_(std::move(inner)) {}

  void add(Fault fault);
  void clear();           ///< from now on all goes well
  int calls(Call call);   ///< so far
  int disturbed() const;  ///< calls so far that a fault met

  std::string uri(std::string_view key) const override { return inner_->uri(key); }
  Capabilities capabilities() const override { return inner_->capabilities(); }
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
  Status make_durable() override;

 private:
  class Output;
  struct Planned {
    Fault fault;
    int seen = 0;
  };
  std::optional<Fault> meet(Call call, std::string_view key);
  template <class Action>
  auto disturb(Call call, std::string_view key, Action action) -> decltype(action(SIZE_MAX));

  const std::shared_ptr<ObjectStore> inner_;
  mutable Mutex mutex_;
  std::vector<Planned> plan_ EC_GUARDED_BY(mutex_);
  std::map<Call, int> calls_ EC_GUARDED_BY(mutex_);
  int disturbed_ EC_GUARDED_BY(mutex_) = 0;
};

}  // namespace earthcatalog::storage
