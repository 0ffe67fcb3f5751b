// The examples that AWS publishes:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#include "earthcatalog/storage/aws/sigv4.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "earthcatalog/storage/percent.h"

namespace earthcatalog::storage {
namespace {

using testing::HasSubstr;

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

struct Example {
  std::string_view method;
  std::string_view path;
  NameValues query;
  NameValues headers;
  std::string_view payload;
};

std::string sign(const Example& example) {
  const std::string payload = hex(sha256(example.payload));
  NameValues headers = example.headers;
  headers.emplace_back("Host", "examplebucket.s3.amazonaws.com");
  headers.emplace_back("x-amz-date", "20130524T000000Z");
  headers.emplace_back("x-amz-content-sha256", payload);
  return authorization({.method = example.method,
                        .path = example.path,
                        .query = canonical_query(example.query),
                        .headers = headers,
                        .payload_sha256 = payload,
                        .date = "20130524T000000Z",
                        .region = "us-east-1",
                        .access_key = "AKIAIOSFODNN7EXAMPLE",
                        .key = signing_key(kSecret, "20130524", "us-east-1")});
}

TEST(SigV4, GetObjectWithRange) {
  EXPECT_EQ(
      sign({.method = "GET", .path = "/test.txt", .query = {}, .headers = {{"Range", "bytes=0-9"}}, .payload = ""}),
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, PutObject) {
  const std::string path = "/" + percent_encode("test$file.text", Slash::kKeep);
  EXPECT_EQ(path, "/test%24file.text");
  EXPECT_THAT(
      sign({.method = "PUT",
            .path = path,
            .query = {},
            .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
            .payload = "Welcome to Amazon S3."}),
      HasSubstr("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(SigV4, BucketLifecycleHasAnArgumentWithoutValue) {
  EXPECT_THAT(sign({.method = "GET", .path = "/", .query = {{"lifecycle", ""}}, .headers = {}, .payload = ""}),
              HasSubstr("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST(SigV4, ListObjectsSortsItsArguments) {
  EXPECT_THAT(
      sign({.method = "GET", .path = "/", .query = {{"prefix", "J"}, {"max-keys", "2"}}, .headers = {}, .payload = ""}),
      HasSubstr("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(SigV4, QueryIsEncodedBeforeItIsSorted) {
  EXPECT_EQ(canonical_query({{"prefix", "a/b c+d~é"}, {"list-type", "2"}}), "list-type=2&prefix=a%2Fb%20c%2Bd~%C3%A9");
}

TEST(SigV4, DateIsUtcAndFloors) {
  EXPECT_EQ(amz_date(1369353600LL * kMicrosPerSecond + 999'999), "20130524T000000Z");
  EXPECT_EQ(amz_date(-1), "19691231T235959Z");
}

RC_GTEST_PROP(Percent, DecodingGivesTheBytesBack, (const std::string& text)) {
  const std::string encoded = percent_encode(text, Slash::kEncode);
  for (const char c : encoded) {
    RC_ASSERT(std::isalnum(static_cast<unsigned char>(c)) || std::string_view("-._~%").find(c) != std::string::npos);
  }
  RC_ASSERT(percent_decode(encoded) == text);
  RC_ASSERT(percent_decode(percent_encode(text, Slash::kKeep), Plus::kSpace) == text);
}

TEST(Percent, RefusesHalfASequence) {
  EXPECT_EQ(percent_decode("a%2"), std::nullopt);
  EXPECT_EQ(percent_decode("a%"), std::nullopt);
  EXPECT_EQ(percent_decode("%zz"), std::nullopt);
  EXPECT_EQ(percent_decode("a+b%2B", Plus::kSpace), "a b+");
}

}  // namespace
}  // namespace earthcatalog::storage
