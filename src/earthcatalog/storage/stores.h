// From a URI to the store that holds it. Settings are values: nothing here reads the environment except through the
// AWS credentials chain, which is asked when `S3Settings` leaves the choice open.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/event.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/storage/object_store.h"

namespace earthcatalog::storage {

enum class PathStyle { kAutomatic, kPath, kVirtualHost };

/// Settings of a bucket. Each member left empty falls back to the default of all buckets, then to AWS's own rules.
struct S3Settings {
  std::optional<std::string> endpoint;    ///< "http://127.0.0.1:8333"; none: AWS's endpoint of the region
  std::optional<std::string> region;      ///< none: found out from the bucket once, else us-east-1
  std::optional<std::string> profile;     ///< of the shared AWS files
  std::optional<std::string> access_key;  ///< none: the AWS credentials chain
  std::optional<std::string> secret_key;
  std::optional<std::string> session_token;
  std::optional<bool> anonymous;      ///< true: never sign; none: signed when credentials are found, and once
                                      ///< unsigned when a signed request is refused
  std::optional<bool> request_payer;  ///< send x-amz-request-payer: requester
  std::optional<PathStyle> path_style;
};

class CredentialChain;
class ObjectCache;
class RequestSlots;
class S3Bucket;
class Trust;

struct StorageSettings {
  S3Settings s3;
  std::map<std::string, S3Settings> buckets;  ///< per bucket, where they differ
  std::shared_ptr<CredentialChain> chain;     ///< asked where no keys are given; none: AWS's own
  std::optional<std::string> ca_bundle;       ///< a file of trusted certificates; none: the system's
  int io_concurrency = 64;                    ///< most requests to object stores at once (fetch counts its own)
  EventFunction event;                        ///< told by all that works with these stores
  std::shared_ptr<const ObjectCache> cache;   ///< of what never changes, for those who plan by it; null: none
};

/// A place named by a URI: a store and a key inside it.
struct Location {
  std::shared_ptr<ObjectStore> store;
  std::string key;
  std::string uri() const { return store->uri(key); }
};

/// Opens stores by URI and keeps them. "s3://b/k", "file:///p", "/p", "p", "memory://name/k", "gs://…", "abfs://…".
/// A plain path is made absolute. Thread-safe.
class Stores {
 public:
  explicit Stores(StorageSettings settings);
  ~Stores();

  /// The store of the URI's bucket (for local paths: of the root folder "/") and the key of the URI in it.
  Result<Location> locate(std::string_view uri);
  /// From now on `store` is the one of all URIs that begin with `root` ("memory://name", "s3://bucket", "file://"): how
  /// a store of another making gets in, such as a FaultStore in front of the real one.
  void replace(std::string root, std::shared_ptr<ObjectStore> store);
  /// The bucket as requests see it, the same one that its store uses: what one learns, the other knows.
  Result<std::shared_ptr<S3Bucket>> s3_bucket(std::string_view bucket);
  const StorageSettings& settings() const { return settings_; }
  /// The certificates for all connections to servers.
  Trust& trust() const { return *trust_; }
  /// For a loop whose tasks read or write objects: `computing` of them on local stores, which make nobody wait, and up
  /// to `io_concurrency` where requests go out.
  Parallel parallel(std::size_t computing, std::int64_t bytes = INT64_MAX) const;

 private:
  Result<std::shared_ptr<ObjectStore>> open_store(const std::string& scheme, const std::string& authority)
      EC_REQUIRES(mutex_);
  Result<std::shared_ptr<S3Bucket>> bucket_with_lock(std::string_view bucket) EC_REQUIRES(mutex_);

  StorageSettings settings_;
  const std::shared_ptr<RequestSlots> slots_;
  const std::shared_ptr<Trust> trust_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<ObjectStore>, std::less<>> stores_ EC_GUARDED_BY(mutex_);  ///< by root URI
  std::map<std::string, std::shared_ptr<S3Bucket>, std::less<>> buckets_ EC_GUARDED_BY(mutex_);
};

/// The one spelling of a place: "file:///a/b" for a local path (absolute, without "." and "..") or a file URI, "s3://"
/// for s3a and s3n too. No slash at the end. Nothing is decoded, so that a second call changes nothing: like PyIceberg,
/// DuckDB and Hadoop, `Stores::locate` takes file URIs letter by letter. See storage/uri.h.
Result<std::string> normalize_uri(std::string_view path_or_uri);

/// `base` and `relative` with exactly one slash between them.
std::string join_uri(std::string_view base, std::string_view relative);

}  // namespace earthcatalog::storage
