#include <gmock/gmock.h>

#include "earthcatalog/storage/s3/s3_request.h"

namespace earthcatalog::storage {
namespace {

using testing::HasSubstr;

TEST(S3Error, ReadsTheBody) {
  const S3Error error = parse_s3_error(403, R"(<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AccessDenied</Code><Message>Access Denied.</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>)",
                                       "", "us-west-2");
  EXPECT_EQ(error.code, "AccessDenied");
  EXPECT_EQ(error.region, "us-west-2");
  EXPECT_EQ(kind_of(error), ErrorKind::kPermissionDenied);
  EXPECT_THAT(describe(error, {.method = "GET", .is_signed = true}),
              HasSubstr("403 AccessDenied (request id 4442587FB7D0A2F9): Access Denied; these keys may not read"));
}

TEST(S3Error, RegionOfAMalformedHeaderComesFromTheBody) {
  const S3Error error = parse_s3_error(400,
                                       "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong; expecting "
                                       "'eu-west-1'</Message><Region>eu-west-1</Region></Error>",
                                       "id", "");
  EXPECT_EQ(error.region, "eu-west-1");
  EXPECT_THAT(describe(error, {.method = "GET", .region = "us-east-1"}),
              HasSubstr("the bucket is not in us-east-1: pass `region` eu-west-1"));
}

TEST(S3Error, RegionThatOnlyTheMessageNames) {
  const S3Error error = parse_s3_error(400,
                                       "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region "
                                       "'us-east-1' is wrong; expecting 'eu-west-1'</Message></Error>",
                                       "", "");
  EXPECT_EQ(error.region, "eu-west-1");
}

TEST(S3Error, PlainWordsOfAServerAreKept) {
  EXPECT_EQ(parse_s3_error(400, "Client sent an HTTP request to an HTTPS server.\n", "", "").message,
            "Client sent an HTTP request to an HTTPS server.");
  EXPECT_EQ(parse_s3_error(502, "<html>proxy</html>", "", "").message, "");
}

struct Remedy {
  std::string_view code;
  HttpRequest sent;
  std::vector<std::string> said, unsaid;
};

TEST(S3Error, RemedyFitsTheRequest) {
  const HttpRequest unsigned_read{.method = "GET"}, signed_read{.method = "GET", .is_signed = true};
  const HttpRequest signed_write{.method = "PUT", .is_signed = true}, unsigned_write{.method = "PUT"};
  const HttpRequest anonymous_read{.method = "GET", .is_anonymous = true};
  const HttpRequest paying_read{.method = "GET", .is_signed = true, .requester_pays = true};
  const Remedy remedies[] = {
      {"AccessDenied", unsigned_read, {"AWS_ACCESS_KEY_ID"}, {"anonymous", "PutObject"}},
      {"AccessDenied",
       anonymous_read,
       {"AWS_ACCESS_KEY_ID", "leave `anonymous` out"},
       {"pass `anonymous`", "PutObject"}},
      {"AccessDenied", signed_read, {"s3:GetObject", "pass `anonymous`", "`request_payer`"}, {"PutObject"}},
      {"AccessDenied", paying_read, {"s3:GetObject"}, {"PutObject", "`request_payer`"}},
      {"AccessDenied", signed_write, {"s3:PutObject"}, {"anonymous", "GetObject"}},
      {"AccessDenied", unsigned_write, {"not signed", "AWS_ACCESS_KEY_ID"}, {"anonymous"}},
      {"SignatureDoesNotMatch", signed_read, {"AWS_SECRET_ACCESS_KEY", "pass `anonymous`"}, {"PutObject"}},
      {"SignatureDoesNotMatch", signed_write, {"AWS_SECRET_ACCESS_KEY"}, {"anonymous"}},
      {"InvalidAccessKeyId", signed_write, {"AWS_ACCESS_KEY_ID"}, {"anonymous"}},
      {"ExpiredToken", signed_write, {"log in again"}, {"anonymous"}},
  };
  for (const auto& [code, sent, said, unsaid] : remedies) {
    const auto text = describe({.status = 403, .code = std::string(code)}, sent);
    for (const auto& words : said) EXPECT_THAT(text, HasSubstr(words)) << sent.method;
    for (const auto& words : unsaid) EXPECT_THAT(text, testing::Not(HasSubstr(words))) << sent.method;
  }
}

TEST(S3Error, StatusSpeaksWhereTheBodyIsSilent) {
  struct Case {
    int status;
    std::string_view code;
    ErrorKind kind;
    bool transient;
  };
  for (const Case& expected :
       {Case{404, "NoSuchKey", ErrorKind::kNotFound, false},
        Case{403, "AccessDenied", ErrorKind::kPermissionDenied, false},
        Case{412, "PreconditionFailed", ErrorKind::kConflict, false},
        Case{409, "Conflict", ErrorKind::kConflict, false}, Case{429, "TooManyRequests", ErrorKind::kUnavailable, true},
        Case{500, "InternalError", ErrorKind::kUnavailable, true},
        Case{501, "NotImplemented", ErrorKind::kUnsupported, false},
        Case{503, "ServiceUnavailable", ErrorKind::kUnavailable, true},
        Case{418, "UnexpectedStatus", ErrorKind::kIOError, false}}) {
    for (const char* body : {"", "<html><body>proxy error</body></html>", "{\"error\": 1}", "<Error><Code>"}) {
      const S3Error error = parse_s3_error(expected.status, body, "", "");
      EXPECT_EQ(error.code, expected.code) << body;
      EXPECT_EQ(kind_of(error), expected.kind) << body;
      EXPECT_EQ(is_transient(error), expected.transient) << body;
    }
  }
}

TEST(S3Error, RepeatsSomeErrorsWhateverTheirStatus) {
  for (const char* code : {"RequestTimeout", "IncompleteBody", "SlowDown"}) {
    EXPECT_TRUE(is_transient(parse_s3_error(400, fmt::format("<Error><Code>{}</Code></Error>", code), "", ""))) << code;
  }
  EXPECT_FALSE(is_transient(parse_s3_error(400, "<Error><Code>InvalidArgument</Code></Error>", "", "")));
}

TEST(S3Error, ErrorWithStatus200) {
  EXPECT_TRUE(is_error_document("<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>"));
  EXPECT_TRUE(is_error_document("<ErrorResponse><Error><Code>SlowDown</Code></Error></ErrorResponse>"));
  EXPECT_FALSE(is_error_document("{\"type\": \"Feature\", \"x\": \"<Error>\"}"));
  EXPECT_FALSE(is_error_document("<Errors><Error>..</Error></Errors>"));
  EXPECT_FALSE(is_error_document(""));
}

}  // namespace
}  // namespace earthcatalog::storage
