// The rules of docs/guide/fetch.md.
#include "earthcatalog/fetch/classify.h"

#include <gtest/gtest.h>

#include <tuple>

#include "fetch/fetch_all.h"

namespace earthcatalog::fetch {
namespace {

struct Row {
  int status;
  const char* code;
  Verdict verdict;
  const char* kind;
};

TEST(Classify, StatusAndCode) {
  const Row rows[] = {
      {404, "NoSuchKey", Verdict::kMissing, "missing"},
      {404, "NoSuchBucket", Verdict::kNoBucket, "no_bucket"},
      {410, "", Verdict::kMissing, "missing"},
      {403, "AccessDenied", Verdict::kRefused, "denied"},
      {403, "InvalidAccessKeyId", Verdict::kRefused, "denied"},
      {403, "SignatureDoesNotMatch", Verdict::kRefused, "denied"},
      {401, "", Verdict::kRefused, "denied"},
      {400, "InvalidToken", Verdict::kRefused, "denied"},
      {403, "InvalidObjectState", Verdict::kPending, "archived"},
      {400, "ExpiredToken", Verdict::kStale, "credentials"},
      {403, "RequestTimeTooSkewed", Verdict::kStale, "credentials"},
      {301, "PermanentRedirect", Verdict::kStale, "redirect"},
      {307, "", Verdict::kStale, "redirect"},
      {400, "AuthorizationHeaderMalformed", Verdict::kStale, "redirect"},
      {503, "", Verdict::kThrottled, "throttled"},
      {429, "", Verdict::kThrottled, "throttled"},
      {503, "SlowDown", Verdict::kThrottled, "throttled"},
      {200, "SlowDown", Verdict::kThrottled, "throttled"},
      {200, "InternalError", Verdict::kLater, "error_body"},
      {500, "", Verdict::kLater, "server_error"},
      {501, "NotImplemented", Verdict::kLater, "server_error"},
      {504, "", Verdict::kLater, "server_error"},
      {599, "", Verdict::kLater, "server_error"},
      {408, "", Verdict::kLater, "server_error"},
      {409, "OperationAborted", Verdict::kLater, "server_error"},
      {400, "RequestTimeout", Verdict::kLater, "server_error"},
      {400, "BadRequest", Verdict::kPending, "http_error"},
      {405, "", Verdict::kPending, "http_error"},
      {204, "", Verdict::kPending, "http_error"},
  };
  for (const auto& row : rows) {
    HttpReply reply{.status = row.status};
    if (row.code[0] != '\0') reply.body = s3_error_body(row.code);
    const auto attempt = classify(std::move(reply), 100);
    EXPECT_EQ(attempt.verdict, row.verdict) << row.status << " " << row.code;
    EXPECT_EQ(attempt.kind, row.kind) << row.status << " " << row.code;
    EXPECT_NE(attempt.reason.find(std::to_string(row.status)), std::string::npos);
    ASSERT_TRUE(attempt.failure);
    EXPECT_EQ(attempt.failure->error.status, row.status);
  }
}

TEST(Classify, ErrorStatusOutranksABrokenTransfer) {
  for (const auto end : {TransferEnd::kTruncated, TransferEnd::kTimeout, TransferEnd::kBroken}) {
    const auto attempt = classify({.end = end, .detail = "x", .status = 404}, 100);
    EXPECT_EQ(attempt.verdict, Verdict::kMissing);
  }
}

TEST(Classify, BrokenTransfers) {
  const std::tuple<TransferEnd, Verdict, const char*> rows[] = {
      {TransferEnd::kTimeout, Verdict::kLater, "timeout"},
      {TransferEnd::kTruncated, Verdict::kLater, "truncated"},
      {TransferEnd::kBroken, Verdict::kLater, "connection"},
      {TransferEnd::kUnreachable, Verdict::kUnreachable, "connection"},
      {TransferEnd::kHopeless, Verdict::kFatal, "connection"},
  };
  for (const auto& [end, verdict, kind] : rows) {
    for (const int status : {0, 200}) {
      const auto attempt =
          classify({.end = end, .detail = "detail of it", .status = status, .body = "{", .request_id = "R1"}, 100);
      EXPECT_EQ(attempt.verdict, verdict);
      EXPECT_EQ(attempt.kind, kind);
      EXPECT_NE(attempt.reason.find("detail of it"), std::string::npos);
      EXPECT_NE(attempt.reason.find("R1"), std::string::npos);
      EXPECT_TRUE(attempt.body.empty());
    }
  }
}

TEST(Classify, KeepsWhatRecoveryNeeds) {
  HttpReply reply{.status = 301,
                  .body = s3_error_body("PermanentRedirect"),
                  .region = "eu-west-1",
                  .retry_after_seconds = 7,
                  .server_time = 42};
  reply.sent.url = "http://x/y";
  const auto attempt = classify(std::move(reply), 100);
  EXPECT_EQ(attempt.retry_after_seconds, 7);
  EXPECT_EQ(attempt.failure->error.region, "eu-west-1");
  EXPECT_EQ(attempt.failure->server_time, 42);
  EXPECT_EQ(attempt.failure->sent.url, "http://x/y");
}

}  // namespace
}  // namespace earthcatalog::fetch
