// How a request to S3 is addressed and signed. Shared by the S3 store and by the fetch engine, which has its own
// connections.
#pragma once

#include <memory>
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
  std::string url;                   ///< percent-encoded
  std::vector<std::string> headers;  ///< "Name: value"
};

/// One bucket as requests see it: address, credentials, signature. Thread-safe.
class S3Bucket {
 public:
  /// Resolves settings (region, endpoint, credentials). Sends no request; the region of a bucket that no setting names
  /// is found out on the first redirect.
  static Result<std::shared_ptr<S3Bucket>> make(std::string bucket, const StorageSettings& settings);
  virtual ~S3Bucket() = default;

  struct Spec {
    std::string_view method = "GET";
    std::string_view key;  ///< true name; empty: the bucket itself
    std::vector<std::pair<std::string, std::string>> query;
    std::vector<std::pair<std::string, std::string>> headers;  ///< signed with the rest
    std::string_view payload;                                  ///< its SHA-256 is signed
  };
  /// The request as it goes over the wire at time `now`.
  virtual Result<HttpRequest> request(const Spec& spec, TimeMicros now) = 0;

  /// Resolves the credentials again (after ExpiredToken or RequestTimeTooSkewed; `server_time` corrects the clock).
  virtual Status refresh_credentials(std::optional<TimeMicros> server_time) = 0;
  /// Follows a 301/307/400 AuthorizationHeaderMalformed that names another region. True when something changed.
  virtual bool use_region(std::string_view region) = 0;
  /// Stops signing, when the settings leave that open: a public bucket is readable although the environment holds
  /// useless keys. True when this changed anything, so that the request is worth repeating.
  virtual bool try_anonymous() = 0;
};

/// What an error response of S3 says (XML body, headers), for messages and decisions.
struct S3Error {
  int status = 0;
  std::string code;     ///< "NoSuchKey"; derived from the status when the body says nothing
  std::string message;
  std::string request_id;
  std::string region;   ///< x-amz-bucket-region, or <Region> of the body
};
S3Error parse_s3_error(int status, std::string_view body, std::string_view request_id_header,
                       std::string_view region_header);
/// "403 AccessDenied (request id …): …; sign requests with … or pass --anonymous": what happened and the remedy.
std::string describe(const S3Error& error);
ErrorKind kind_of(const S3Error& error);

}  // namespace earthcatalog::storage
