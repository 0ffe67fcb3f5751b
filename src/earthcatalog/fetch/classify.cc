#include "earthcatalog/fetch/classify.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace earthcatalog::fetch {
namespace {

bool any_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::ranges::find(codes, code) != codes.end();
}

bool is_throttling(const storage::S3Error& error) {
  return error.status == 429 || error.status == 503 ||
         any_of(error.code, {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests",
                             "ServiceUnavailable", "RequestThrottled", "ProvisionedThroughputExceeded"});
}

bool is_outdated(const storage::S3Error& error) {
  return any_of(error.code, {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestTimeTooSkewed",
                             "RequestExpired"});
}

bool is_elsewhere(const storage::S3Error& error) {
  return (error.status >= 300 && error.status < 400) ||
         any_of(error.code, {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException"});
}

std::pair<Verdict, std::string_view> judge(const storage::S3Error& error) {
  const int status = error.status;
  if (error.code == "NoSuchBucket") return {Verdict::kNoBucket, "no_bucket"};
  if (status == 404 || status == 410) return {Verdict::kMissing, "missing"};
  if (error.code == "InvalidObjectState") return {Verdict::kPending, "archived"};
  if (storage::wants_tls(error)) return {Verdict::kFatal, "connection"};
  if (is_elsewhere(error)) return {Verdict::kStale, "redirect"};
  if (is_outdated(error)) return {Verdict::kStale, "credentials"};
  if (is_throttling(error)) return {Verdict::kThrottled, "throttled"};
  if (status == 401 || status == 403 || error.code == "InvalidToken") return {Verdict::kRefused, "denied"};
  if (status == 200) return {Verdict::kLater, "error_body"};
  if (status >= 500 || status == 408 || status == 409 || status == 425 || storage::is_transient(error)) {
    return {Verdict::kLater, "server_error"};
  }
  return {Verdict::kPending, "http_error"};
}

Attempt of_error(HttpReply&& reply) {
  auto error = storage::parse_s3_error(reply.status, reply.body, reply.request_id, reply.region);
  const auto [verdict, kind] = judge(error);
  Attempt attempt{.verdict = verdict, .kind = std::string(kind), .reason = storage::describe(error, reply.sent)};
  if (kind == "http_error") attempt.reason += "; not tried again, for the same request would get the same reply";
  if (reply.status == 200) attempt.reason = "status 200 with an error as its body: " + attempt.reason;
  attempt.retry_after_seconds = reply.retry_after_seconds;
  attempt.failure = std::make_unique<HttpFailure>(std::move(reply.sent), std::move(error), reply.server_time);
  return attempt;
}

// "; request id abc", so that the owner of the server can look the exchange up.
std::string request_id_of(const HttpReply& reply) {
  return reply.request_id.empty() ? "" : fmt::format(" (request id {})", reply.request_id);
}

Attempt of_broken(const HttpReply& reply) {
  const auto with = [&](Verdict verdict, std::string_view kind, std::string_view what, std::string_view remedy) {
    const auto status = reply.status == 0 ? std::string("no reply") : fmt::format("status {}", reply.status);
    return Attempt{.verdict = verdict,
                   .kind = std::string(kind),
                   .reason = fmt::format("{}: {}, {}{}{}{}", what, status, reply.detail, request_id_of(reply),
                                         remedy.empty() ? "" : "; ", remedy)};
  };
  switch (reply.end) {
    case TransferEnd::kTimeout:
      return with(Verdict::kLater, "timeout", "timed out", "retry the pending ones later or with less concurrency");
    case TransferEnd::kTruncated:
      return with(Verdict::kLater, "truncated", "truncated", "retry the pending ones later");
    case TransferEnd::kUnreachable:
      return with(Verdict::kUnreachable, "connection", "cannot be asked", "");
    case TransferEnd::kHopeless:
      return with(Verdict::kFatal, "connection", "cannot be asked", "");
    default:
      return with(Verdict::kLater, "connection", "connection failed",
                  "check the network, retry the pending ones later");
  }
}

}  // namespace

Attempt classify(HttpReply&& reply, std::int64_t max_object_bytes) {
  const bool ok = reply.status == 200;
  if (reply.status >= 300) return of_error(std::move(reply));
  if (reply.end == TransferEnd::kTooLarge && ok) {
    return {.verdict = Verdict::kRejected,
            .kind = "too_large",
            .reason = fmt::format("{}{}; the limit is {} bytes (`max_object_size`)", reply.detail, request_id_of(reply),
                                  max_object_bytes)};
  }
  if (reply.end != TransferEnd::kComplete) return of_broken(reply);
  if (!ok || (!reply.has_etag && storage::is_error_document(reply.body))) return of_error(std::move(reply));
  Attempt attempt{.verdict = Verdict::kFetched};
  attempt.etag = std::move(reply.etag);
  attempt.last_modified = reply.last_modified;
  attempt.body = std::move(reply.body);
  attempt.body.reserve(attempt.body.size() + kSpareBytes);
  return attempt;
}

}  // namespace earthcatalog::fetch
