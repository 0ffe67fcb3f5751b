// S3Bucket: what is known of a bucket, and how that changes with what the server says.
#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/storage/aws/credentials.h"
#include "earthcatalog/storage/aws/sigv4.h"
#include "earthcatalog/storage/percent.h"
#include "earthcatalog/storage/s3/s3_address.h"
#include "earthcatalog/storage/s3/s3_request.h"

namespace earthcatalog::storage {
namespace {

constexpr std::string_view kFirstRegion = "us-east-1";
constexpr int kMostRegionChanges = 3;  // servers that send a client in circles

bool is_read(std::string_view method) { return method == "GET" || method == "HEAD"; }

class SignedBucket final : public S3Bucket {
 public:
  SignedBucket(std::string bucket, S3Settings settings, std::shared_ptr<CredentialChain> chain, EventFunction event)
      : bucket_(std::move(bucket)), settings_(std::move(settings)), chain_(std::move(chain)), event_(std::move(event)) {
    region_ = settings_.region.value_or(std::string(kFirstRegion));
  }

  Status resolve() {
    const MutexLock lock(mutex_);
    EC_ASSIGN_OR_RETURN(address_, address_of(bucket_, settings_, region_));
    EC_ASSIGN_OR_RETURN(credentials_, find_credentials(CredentialChain::Ask::kKept));
    settled_ = !credentials_.found() || settings_.anonymous.has_value();
    return {};
  }

  Result<HttpRequest> request(const Spec& spec, TimeMicros now) override {
    const MutexLock lock(mutex_);
    const std::string path = address_.path + "/" + percent_encode(spec.key, Slash::kKeep);
    const std::string query = canonical_query(spec.query);
    HttpRequest result{.method = std::string(spec.method),
                       .url = address_.origin + path + (query.empty() ? "" : "?" + query),
                       .headers = {},
                       .made_at = now,
                       .is_signed = credentials_.found() && (reads_ == Reads::kSigned || !is_read(spec.method)),
                       .region = region_,
                       .is_anonymous = settings_.anonymous.value_or(false),
                       .requester_pays = settings_.request_payer.value_or(false),
                       .generation = generation_};
    NameValues headers = spec.headers;
    if (result.requester_pays) headers.emplace_back("x-amz-request-payer", "requester");
    if (result.is_signed) sign(spec, path, query, now + clock_offset_, headers);
    for (auto& [name, value] : headers) result.headers.push_back(name + ": " + value);
    return result;
  }

  bool recover(const HttpRequest& sent, const S3Error& error, std::optional<TimeMicros> server_time) override {
    const MutexLock lock(mutex_);
    if (sent.generation != generation_) return true;  // it was made with what is known to be wrong by now
    const bool changed = learn_region(error) || learn_time(sent, error, server_time) ||
                         renew_credentials(sent, error) || change_signing(sent, error);
    if (changed) ++generation_;
    return changed;
  }

  void accepted(const HttpRequest& sent) override {
    if (settled_.load(std::memory_order_relaxed)) return;
    const MutexLock lock(mutex_);
    if (settled_ || sent.generation != generation_ || !is_read(sent.method)) return;
    reads_ = sent.is_signed ? Reads::kSigned : Reads::kUnsigned;
    settled_ = true;
  }

 private:
  void tell(std::string_view name, std::string what) const {
    if (!event_) return;
    const std::string uri = "s3://" + bucket_;
    event_({.name = name, .message = uri + ": " + what, .fields = {{"uri", uri}, {"reason", std::move(what)}}});
  }

  // A read whose signature is refused is tried unsigned; if that is refused too, the first refusal counts.
  enum class Reads { kSigned, kTryingUnsigned, kUnsigned };

  Result<AwsCredentials> find_credentials(CredentialChain::Ask ask) {
    if (settings_.anonymous.value_or(false)) return AwsCredentials{};
    if (settings_.access_key) {
      if (!settings_.secret_key) {
        return fail(ErrorKind::kInvalidArgument, "an access key is given for s3://{} but no secret key", bucket_);
      }
      return AwsCredentials{.access_key = *settings_.access_key,
                            .secret_key = *settings_.secret_key,
                            .session_token = settings_.session_token.value_or("")};
    }
    EC_ASSIGN_OR_RETURN(AwsCredentials found, chain_->credentials(settings_.profile.value_or(""), ask));
    if (!found.found() && settings_.anonymous.has_value()) {
      return fail(ErrorKind::kPermissionDenied,
                  "no AWS credentials were found for s3://{}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, pass "
                  "`profile`, or `anonymous` for a public bucket",
                  bucket_);
    }
    return found;
  }

  void sign(const Spec& spec, std::string_view path, std::string_view query, TimeMicros now, NameValues& headers)
      EC_REQUIRES(mutex_) {
    const std::string date = amz_date(now);
    const std::string payload = hex(sha256(spec.payload));
    headers.emplace_back("x-amz-date", date);
    headers.emplace_back("x-amz-content-sha256", payload);
    if (!credentials_.session_token.empty()) headers.emplace_back("x-amz-security-token", credentials_.session_token);
    if (key_day_ != date.substr(0, 8)) {
      key_day_ = date.substr(0, 8);
      key_ = signing_key(credentials_.secret_key, key_day_, region_);
    }
    NameValues signed_headers = headers;
    signed_headers.emplace_back("host", address_.host);
    headers.emplace_back("Authorization", authorization({.method = spec.method,
                                                         .path = path,
                                                         .query = query,
                                                         .headers = signed_headers,
                                                         .payload_sha256 = payload,
                                                         .date = date,
                                                         .region = region_,
                                                         .access_key = credentials_.access_key,
                                                         .key = key_}));
  }

  bool learn_region(const S3Error& error) EC_REQUIRES(mutex_) {
    const bool is_redirect = error.status == 301 || error.status == 307 || error.status == 400;
    if (!is_redirect || error.region.empty() || error.region == region_) return false;
    if (++region_changes_ > kMostRegionChanges) return false;
    auto address = address_of(bucket_, settings_, error.region);
    if (!address) return false;
    address_ = std::move(*address);
    tell("redirect", fmt::format("the bucket is in {}, not in {}", error.region, region_));
    region_ = error.region;
    key_day_.clear();
    return true;
  }

  bool learn_time(const HttpRequest& sent, const S3Error& error, std::optional<TimeMicros> server_time)
      EC_REQUIRES(mutex_) {
    if (error.code != "RequestTimeTooSkewed" || !server_time) return false;
    const TimeMicros offset = *server_time - sent.made_at;
    if (std::abs(offset - clock_offset_) < 5 * kMicrosPerSecond) return false;
    clock_offset_ = offset;
    tell("clock",
         fmt::format("the server's clock differs by {} s; requests carry its time", offset / kMicrosPerSecond));
    return true;
  }

  bool renew_credentials(const HttpRequest& sent, const S3Error& error) EC_REQUIRES(mutex_) {
    // A reply to HEAD has no body, hence no code: 400 is what S3 says there of an expired token.
    const bool expired = error.code == "ExpiredToken" || error.code == "ExpiredTokenException" ||
                         error.code == "TokenRefreshRequired" || error.code == "RequestExpired" ||
                         error.code == "RequestTimeTooSkewed" ||
                         (error.code == "BadRequest" && sent.method == "HEAD" && !credentials_.session_token.empty());
    if (!expired || !sent.is_signed) return false;
    auto found = find_credentials(CredentialChain::Ask::kAnew);
    if (!found || *found == credentials_) return false;
    credentials_ = std::move(*found);
    key_day_.clear();
    tell("credentials", "the keys have expired and were renewed");
    return true;
  }

  bool change_signing(const HttpRequest& sent, const S3Error& error) EC_REQUIRES(mutex_) {
    const bool refused = error.status == 401 || error.status == 403 ||
                         (error.status == 400 && (error.code == "InvalidToken" || error.code == "ExpiredToken"));
    if (!refused || settled_ || !is_read(sent.method) || error.code == "RequestTimeTooSkewed") return false;
    if (sent.is_signed) {
      reads_ = Reads::kTryingUnsigned;
      tell("unsigned",
           fmt::format("a signed read was refused ({} {}); reads are tried unsigned", error.status, error.code));
    } else {
      reads_ = Reads::kSigned;
      settled_ = true;
    }
    return true;
  }

  const std::string bucket_;
  const S3Settings settings_;
  const std::shared_ptr<CredentialChain> chain_;
  const EventFunction event_;

  Mutex mutex_;
  S3Address address_ EC_GUARDED_BY(mutex_);
  std::string region_ EC_GUARDED_BY(mutex_);
  int region_changes_ EC_GUARDED_BY(mutex_) = 0;
  AwsCredentials credentials_ EC_GUARDED_BY(mutex_);
  TimeMicros clock_offset_ EC_GUARDED_BY(mutex_) = 0;
  Reads reads_ EC_GUARDED_BY(mutex_) = Reads::kSigned;
  std::uint64_t generation_ EC_GUARDED_BY(mutex_) = 0;
  std::string key_day_ EC_GUARDED_BY(mutex_);
  Sha256 key_ EC_GUARDED_BY(mutex_){};
  std::atomic<bool> settled_ = false;  // whether `reads_` is for good
};

}  // namespace

Result<std::shared_ptr<S3Bucket>> S3Bucket::make(std::string bucket, const StorageSettings& settings) {
  auto chain = settings.chain ? settings.chain : make_aws_chain();
  S3Settings own = settings_of(bucket, settings);
  auto result = std::make_shared<SignedBucket>(std::move(bucket), std::move(own), std::move(chain), settings.event);
  EC_TRY(result->resolve());
  return result;
}

}  // namespace earthcatalog::storage
