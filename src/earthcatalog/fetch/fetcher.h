// Many small objects at once: thousands of GETs in flight over kept-alive connections, or reads of local files.
// Knows nothing of STAC. Every rule of failure is in docs/guide/fetch.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/object_ref.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::fetch {

struct FetchOptions {
  int concurrency = 256;                     ///< most requests in flight; shrinks on 503/429 and grows back
  std::int64_t max_object_bytes = 16 << 20;  ///< a larger object is rejected without being read whole
  std::int64_t max_bytes_in_flight = kDefaultBytesInFlight;  ///< bodies held, received but not yet taken included
  double backoff_base_seconds = 0.5;                         ///< first retry delay; doubles, with jitter
  double give_up_seconds = 180;                              ///< time over all tries of one object, then pending
  double stall_seconds = 30;                                 ///< a body slower than 1 KiB/s for so long is a time-out
  double connect_seconds = 10;
  std::string source_root = "s3://";  ///< where buckets are: "s3://", or a folder URI "file:///data/"
  std::uint64_t seed = 0;             ///< of the jitter
};

enum class Outcome : std::uint8_t { kFetched, kMissing, kPending, kRejected };

struct Fetched {
  /// As given. A fetched object that came without etag, time and size has those of what was read, as far as known.
  storage::ObjectRef object;
  std::uint64_t tag = 0;  ///< what the caller gave with the object
  Outcome outcome = Outcome::kPending;
  /// The body when fetched, with at least 64 spare bytes of capacity behind it (simdjson reads past the end).
  std::string body = {};
  std::string uri = {};     ///< for the rest: of the object, in full
  std::string reason = {};  ///< for the rest: kind ("denied", "archived", "timeout", …) and a full sentence
  std::string kind = {};
};

struct FetchCounters {
  std::uint64_t requests = 0, retries = 0, bytes = 0;
  int concurrency = 0;  ///< as adapted now
};

/// Pulls objects from `next` and hands each exactly once to `done`. Runs until `next` gives nothing more and all
/// are done; both are called on the calling thread. Fails only when the run as a whole cannot go on (before any success
/// in a bucket: no permission, no such bucket, nobody to be asked; too many refusals; `stop` set: kCancelled); what was
/// handed out before stays valid.
class Fetcher {
 public:
  struct Work {
    storage::ObjectRef object;
    std::uint64_t tag = 0;
  };
  enum class Pull : std::uint8_t { kWork, kWait, kEnd };  ///< kWait: nothing now, ask again soon (push-back)

  Fetcher(storage::Stores& stores, FetchOptions options);
  ~Fetcher();

  Status run(const std::function<Result<Pull>(Work&)>& next, const std::function<Status(Fetched&&)>& done,
             const std::atomic<bool>& stop);
  FetchCounters counters() const;            ///< safe from another thread
  std::optional<RetryWait> waiting() const;  ///< safe from another thread; nothing when no object waits

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace earthcatalog::fetch
