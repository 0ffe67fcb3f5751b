#include "earthcatalog/storage/s3/s3_client.h"

namespace earthcatalog::storage {
namespace {

bool is_success(const HttpReply& reply) {
  if (reply.status < 200 || reply.status >= 300) return false;
  // S3 may begin an answer with 200 and find out afterwards; objects come with an ETag.
  return !reply.header("etag").empty() || !is_error_document(reply.body);
}

// Returns true when an answer shows that the server let us in.
bool shows_access(int status) {
  return (status >= 200 && status < 300) || status == 404 || status == 412 || status == 416;
}

}  // namespace

S3Client::S3Client(std::string bucket_name, std::shared_ptr<S3Bucket> bucket, S3Options options)
    : bucket_name_(std::move(bucket_name)),
      bucket_(std::move(bucket)),
      options_(std::move(options)),
      http_(options_.http) {}

Result<S3Answer> S3Client::send(const S3Bucket::Spec& spec, std::string_view doing) {
  EC_ASSIGN_OR_RETURN(auto answer, send_as_it_is(spec, doing));
  const int status = answer.error.status;
  const bool is_mute = spec.method == "HEAD" && (status == 400 || status == 401 || status == 403);
  if (is_mute) return ask_why(spec, doing);
  return answer;
}

// The reply to a HEAD has no body, hence no code. A GET of one byte is refused for the same reason, and says it.
Result<S3Answer> S3Client::ask_why(const S3Bucket::Spec& head, std::string_view doing) {
  EC_ASSIGN_OR_RETURN(auto reason, send_as_it_is({.key = head.key, .headers = {{"Range", "bytes=0-0"}}}, doing));
  const bool is_let_in = reason.ok() || reason.object_is_missing() || reason.error.status == 416;
  if (is_let_in) return send_as_it_is(head, doing);  // with what was learnt meanwhile: keys, region, no signature
  return reason;
}

Result<S3Answer> S3Client::send_as_it_is(const S3Bucket::Spec& spec, std::string_view doing) {
  Backoff backoff(options_.retry);
  bool maybe_done = false;
  int unreachable = 0;
  while (true) {
    EC_ASSIGN_OR_RETURN(const HttpRequest request, bucket_->request(spec, options_.clock()));
    auto reply = http_.send(request, spec.payload);
    if (!reply) {
      const HttpFailure& failure = reply.error();
      const bool nobody = failure.kind == HttpFailure::Kind::kUnreachable && !answered_;
      const bool hopeless =
          failure.kind == HttpFailure::Kind::kHopeless || (nobody && ++unreachable >= options_.retry.unreachable_tries);
      maybe_done = maybe_done || failure.kind == HttpFailure::Kind::kBroken;
      if (!hopeless && wait(backoff, spec, std::string_view(failure.message).substr(0, failure.message.find(';')))) {
        continue;
      }
      return fail(ErrorKind::kIOError, "{} {}: {}", doing, uri(spec.key), failure.message);
    }
    answered_ = true;
    maybe_done = maybe_done || reply->maybe_sent_twice;
    S3Answer answer{.reply = std::move(*reply), .error = {}, .sent = request, .maybe_done_before = maybe_done};
    if (is_success(answer.reply)) {
      bucket_->accepted(request);
      return answer;
    }
    answer.error = parse_s3_error(answer.reply.status, answer.reply.body, answer.reply.header("x-amz-request-id"),
                                  answer.reply.header("x-amz-bucket-region"));
    if (bucket_->recover(request, answer.error, parse_http_date(answer.reply.header("date")))) continue;
    if (is_transient(answer.error)) {
      maybe_done = maybe_done || answer.error.status >= 500 || answer.error.status == 200;
      const auto asked = retry_after_seconds(answer.reply.header("retry-after"), options_.clock());
      const std::string reason = fmt::format("{} {}", answer.error.status, answer.error.code);
      if (wait(backoff, spec, reason, asked)) continue;
      return refused(answer, doing, spec.key);
    }
    if (shows_access(answer.error.status)) bucket_->accepted(request);
    return answer;
  }
}

bool S3Client::wait(Backoff& backoff, const S3Bucket::Spec& spec, std::string_view reason,
                    std::optional<double> asked) const {
  const auto seconds = backoff.next_delay(asked);
  if (!seconds) return false;
  if (options_.event) {
    options_.event(
        {.name = "retry",
         .message = fmt::format("{} {}: {}; tried again in {:.1f} s", spec.method, uri(spec.key), reason, *seconds),
         .fields = {{"method", std::string(spec.method)},
                    {"uri", uri(spec.key)},
                    {"reason", std::string(reason)},
                    {"seconds", *seconds}}});
  }
  backoff.sleep(*seconds);
  return true;
}

void S3Client::tell_fallback(std::string message) const {
  if (!options_.event) return;
  options_.event({.name = "fallback",
                  .message = fmt::format("{}: {}", uri(""), message),
                  .fields = {{"uri", uri("")}, {"reason", std::move(message)}}});
}

std::unexpected<Error> S3Client::refused(const S3Answer& answer, std::string_view doing, std::string_view key) const {
  return fail(kind_of(answer.error), "{} {}: {}", doing, uri(key), describe(answer.error, answer.sent));
}

}  // namespace earthcatalog::storage
