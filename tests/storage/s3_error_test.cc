#include <gmock/gmock.h>

#include "earthcatalog/storage/s3_request.h"

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
  EXPECT_THAT(describe(error),
              HasSubstr("403 AccessDenied (request id 4442587FB7D0A2F9): Access Denied; sign requests"));
  EXPECT_THAT(describe(error), HasSubstr("`anonymous`"));
}

TEST(S3Error, RegionOfAMalformedHeaderComesFromTheBody) {
  const S3Error error = parse_s3_error(400,
                                       "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong; expecting "
                                       "'eu-west-1'</Message><Region>eu-west-1</Region></Error>",
                                       "id", "");
  EXPECT_EQ(error.region, "eu-west-1");
  EXPECT_THAT(describe(error), HasSubstr("pass `region` eu-west-1"));
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

TEST(S3Error, SomeRefusalsWithOtherStatusesAreWorthRepeating) {
  for (const char* code : {"RequestTimeout", "IncompleteBody", "SlowDown"}) {
    EXPECT_TRUE(is_transient(parse_s3_error(400, fmt::format("<Error><Code>{}</Code></Error>", code), "", ""))) << code;
  }
  EXPECT_FALSE(is_transient(parse_s3_error(400, "<Error><Code>InvalidArgument</Code></Error>", "", "")));
}

TEST(S3Error, ErrorInDisguiseOfSuccess) {
  EXPECT_TRUE(is_error_document("<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>"));
  EXPECT_TRUE(is_error_document("<ErrorResponse><Error><Code>SlowDown</Code></Error></ErrorResponse>"));
  EXPECT_FALSE(is_error_document("{\"type\": \"Feature\", \"x\": \"<Error>\"}"));
  EXPECT_FALSE(is_error_document("<Errors><Error>..</Error></Errors>"));
  EXPECT_FALSE(is_error_document(""));
}

}  // namespace
}  // namespace earthcatalog::storage
