// From an HTTP reply, or the lack of one, to a verdict: the rules of docs/guide/fetch.md as a pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/fetch/attempt.h"

namespace earthcatalog::fetch {

enum class TransferEnd : std::uint8_t {
  kComplete,
  kTooLarge,     ///< cut off at the limit on objects
  kTimeout,      ///< no connection, no answer or no progress for too long
  kTruncated,    ///< the connection ended before the body did
  kBroken,       ///< the connection was reset
  kUnreachable,  ///< no server can be talked to there
  kHopeless,     ///< a certificate that cannot be verified, an address that is none
};

/// One HTTP exchange as far as it came.
struct HttpReply {
  TransferEnd end = TransferEnd::kComplete;
  std::string detail =
      {};          ///< of an end other than complete: what the HTTP library says; of the last two, the remedy too
  int status = 0;  ///< 0: none was received
  std::string body = {};
  bool has_etag = false;
  std::string etag = {};  ///< without quotes, where somebody asked for it; last_modified likewise
  std::optional<TimeMicros> last_modified = {};
  std::string request_id = {};
  std::string region = {};
  std::optional<double> retry_after_seconds = {};
  std::optional<TimeMicros> server_time = {};
  storage::HttpRequest sent = {};
};

Attempt classify(HttpReply&& reply, std::int64_t max_object_bytes);

}  // namespace earthcatalog::fetch
