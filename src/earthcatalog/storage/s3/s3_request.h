// Addresses and signs requests to S3. Shared by the S3 store and by the fetch engine, which has its own
// connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::storage {

struct HttpRequest {
  std::string method;
  std::string url;                   ///< percent-encoded; send the path as it is (CURLOPT_PATH_AS_IS)
  std::vector<std::string> headers;  ///< "Name: value"
  TimeMicros made_at = 0;            ///< the `now` it was made with
  bool is_signed = false;
  std::string region;            ///< that it is meant for
  bool is_anonymous = false;     ///< the settings forbid to sign
  bool requester_pays = false;   ///< the settings say so
  std::uint64_t generation = 0;  ///< of what the bucket knew when it made the request; see S3Bucket::recover
};

struct S3Error;

/// One bucket as requests see it: address, credentials, signature. Thread-safe.
class S3Bucket {
 public:
  /// Resolves settings (region, endpoint, credentials). Sends no request; the region of a bucket that no setting names
  /// is found out on the first redirect.
  static Result<std::shared_ptr<S3Bucket>> make(std::string bucket, const StorageSettings& settings);
  virtual ~S3Bucket() = default;

  struct Spec {
    std::string_view method = "GET";
    std::string_view key = {};  ///< true name; empty: the bucket itself
    std::vector<std::pair<std::string, std::string>> query = {};
    std::vector<std::pair<std::string, std::string>> headers = {};  ///< signed with the rest
    std::string_view payload = {};                                  ///< its SHA-256 is signed
  };
  /// The request as it goes over the wire at time `now`.
  virtual Result<HttpRequest> request(const Spec& spec, TimeMicros now) = 0;

  /// Learns from an error response to `sent`: another region (301, 307, 400 AuthorizationHeaderMalformed), credentials
  /// or a clock that are out of date (ExpiredToken, RequestTimeTooSkewed; `server_time` is the Date header), a refused
  /// signature where the settings allow reading unsigned. True: make the request anew and repeat it, at once. Calls of
  /// this kind end: the same refusal of the repeated request gives false.
  virtual bool recover(const HttpRequest& sent, const S3Error& error, std::optional<TimeMicros> server_time) = 0;
  /// To be called when the server accepted the right to make `sent` (any 2xx, 404, 412, 416): from then on a 403 says
  /// something of one object, and the way of signing is settled. Costs nothing after the first time.
  virtual void accepted(const HttpRequest& sent) = 0;

  /// Set when an object of it was fetched: from then on every Fetcher of this process takes its failures for those of
  /// single objects.
  std::atomic<bool> gave_an_object = false;
};

/// An error response of S3 (XML body, headers), for messages and decisions.
struct S3Error {
  int status = 0;
  std::string code;  ///< "NoSuchKey"; derived from the status when the body says nothing
  std::string message;
  std::string request_id;
  std::string region;  ///< x-amz-bucket-region, or <Region> of the body
};
S3Error parse_s3_error(int status, std::string_view body, std::string_view request_id_header,
                       std::string_view region_header);
/// Returns true when `body`, that came with status 200, is an S3 error in disguise. For replies without an ETag.
bool is_error_document(std::string_view body);
/// "403 AccessDenied (request id …): …; give these keys the right to …": what happened, and what to do after `sent`: a
/// read or a write, signed or not.
std::string describe(const S3Error& error, const HttpRequest& sent);
ErrorKind kind_of(const S3Error& error);
/// Returns true when a server that speaks TLS complains of a request without it, as most do that are written in Go.
bool wants_tls(const S3Error& error);
/// Returns true when the same request may succeed later: 429, 5xx, SlowDown, RequestTimeout and their like.
bool is_transient(const S3Error& error);

}  // namespace earthcatalog::storage
