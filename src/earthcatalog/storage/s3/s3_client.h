// Requests to one bucket with everything that may have to happen between question and answer: retries, another
// region, fresh credentials, a request without signature.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "earthcatalog/base/event.h"
#include "earthcatalog/storage/http/http_client.h"
#include "earthcatalog/storage/http/retry.h"
#include "earthcatalog/storage/s3/s3_request.h"

namespace earthcatalog::storage {

struct S3Options {
  RetryPolicy retry;
  HttpLimits http;
  std::int64_t part_bytes = 8 << 20;  ///< of a multipart upload; smaller objects go in one PUT
  Clock clock = system_now;
  EventFunction event = {};
};

/// The final answer to a request.
struct S3Answer {
  HttpReply reply;
  S3Error error;  ///< status 0 when the request succeeded
  HttpRequest sent;
  /// An earlier try of the same request got no clear answer: it may have been carried out.
  bool maybe_done_before = false;

  bool ok() const { return error.status == 0; }
  bool object_is_missing() const { return error.status == 404 && error.code != "NoSuchBucket"; }
};

class S3Client {
 public:
  S3Client(std::string bucket_name, std::shared_ptr<S3Bucket> bucket, S3Options options);

  /// Sends until there is an answer. Fails when patience runs out; `doing` and the URI then stand in the message, as
  /// they do in that of `refused`.
  Result<S3Answer> send(const S3Bucket::Spec& spec, std::string_view doing);
  /// The error that an answer means.
  std::unexpected<Error> refused(const S3Answer& answer, std::string_view doing, std::string_view key) const;

  /// Sleeps until the next try of what failed for `reason`, and tells of it; false when patience has run out.
  bool wait(Backoff& backoff, const S3Bucket::Spec& spec, std::string_view reason,
            std::optional<double> asked = {}) const;
  /// Tells that the server cannot do what was asked, and what is done in its place.
  void tell_fallback(std::string message) const;

  std::string uri(std::string_view key) const { return "s3://" + bucket_name_ + "/" + std::string(key); }
  const std::string& bucket_name() const { return bucket_name_; }
  const S3Options& options() const { return options_; }

 private:
  Result<S3Answer> send_as_it_is(const S3Bucket::Spec& spec, std::string_view doing);
  Result<S3Answer> ask_why(const S3Bucket::Spec& head, std::string_view doing);

  const std::string bucket_name_;
  const std::shared_ptr<S3Bucket> bucket_;
  const S3Options options_;
  HttpClient http_;
  std::atomic<bool> answered_ = false;  ///< a server was there: if nobody is there now, that may pass
};

}  // namespace earthcatalog::storage
