// The outcome of one try of one object. Transports make them, the run decides what follows.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/base/time.h"
#include "earthcatalog/storage/s3/s3_request.h"

namespace earthcatalog::fetch {

using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;

enum class Verdict : std::uint8_t {
  kFetched,
  kMissing,
  kRejected,     ///< another try gives the same, and the object is at fault
  kPending,      ///< another try gives the same, and the object is not at fault
  kRefused,      ///< no permission, which says something of the object or of the whole bucket
  kStale,        ///< credentials, clock or region are out of date
  kThrottled,    ///< the other side asks for fewer requests
  kLater,        ///< any other failure that may pass
  kUnreachable,  ///< nobody can be asked there: the run stops after a few tries, unless the bucket gave objects before
  kNoBucket,     ///< there is no such bucket: the run stops, unless the bucket gave objects before
  kFatal,        ///< no object can be had in this way: the run stops, unless the bucket gave objects before
};

/// Says what a server's refusal was an answer to: what S3Bucket::recover needs to know.
struct HttpFailure {
  storage::HttpRequest sent;
  storage::S3Error error;
  std::optional<TimeMicros> server_time;
};

struct Attempt {
  Verdict verdict = Verdict::kLater;
  std::string kind = {};    ///< one word: "timeout"
  std::string reason = {};  ///< what happened and the remedy
  std::string body = {};    ///< when fetched, with at least kSpareBytes of capacity behind it
  /// The object that was read, where the list of objects says nothing of its version and the other side does.
  std::string etag = {};
  std::optional<TimeMicros> last_modified = {};
  std::optional<double> retry_after_seconds = {};
  std::unique_ptr<HttpFailure> failure = {};
};

/// Bytes that simdjson may read past the end of a body.
inline constexpr std::size_t kSpareBytes = 64;

}  // namespace earthcatalog::fetch
