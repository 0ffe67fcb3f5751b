#include <gmock/gmock.h>

#include "earthcatalog/storage/aws/credentials.h"
#include "earthcatalog/storage/s3/s3_request.h"

namespace earthcatalog::storage {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr TimeMicros kNow = 1369353600LL * kMicrosPerSecond;

class FakeChain : public CredentialChain {
 public:
  explicit FakeChain(AwsCredentials first) : kept_(std::move(first)) {}
  Result<AwsCredentials> credentials(std::string_view, Ask ask) override {
    if (ask == Ask::kAnew) kept_ = renewed;
    return kept_;
  }
  AwsCredentials renewed;

 private:
  AwsCredentials kept_;
};

StorageSettings with_keys() {
  StorageSettings settings;
  settings.s3.access_key = "AKIAIOSFODNN7EXAMPLE";
  settings.s3.secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  return settings;
}

std::shared_ptr<S3Bucket> bucket(const StorageSettings& settings, std::string name = "examplebucket") {
  auto made = S3Bucket::make(std::move(name), settings);
  EXPECT_TRUE(made.has_value()) << made.error().message;
  return *made;
}

HttpRequest get(S3Bucket& b, std::string_view key = "k", TimeMicros now = kNow) {
  return *b.request({.key = key}, now);
}

std::string url_of(const StorageSettings& settings, std::string_view key, std::string name = "examplebucket") {
  return get(*bucket(settings, std::move(name)), key).url;
}

S3Error refusal(int status, std::string code, std::string region = "") {
  return S3Error{
      .status = status, .code = std::move(code), .message = {}, .request_id = {}, .region = std::move(region)};
}

TEST(S3Bucket, SignsAsAwsPublished) {
  StorageSettings settings = with_keys();
  settings.s3.endpoint = "https://s3.amazonaws.com";
  settings.s3.path_style = PathStyle::kVirtualHost;
  const HttpRequest request =
      *bucket(settings)->request({.key = "test.txt", .headers = {{"Range", "bytes=0-9"}}}, kNow);
  EXPECT_EQ(request.url, "https://examplebucket.s3.amazonaws.com/test.txt");
  EXPECT_TRUE(request.is_signed);
  EXPECT_THAT(request.headers,
              Contains(HasSubstr("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")));
  EXPECT_THAT(request.headers, Contains("Range: bytes=0-9"));
}

TEST(S3Bucket, AddressFollowsSettings) {
  StorageSettings settings = with_keys();
  EXPECT_EQ(url_of(settings, "a b/ü+%"), "https://examplebucket.s3.us-east-1.amazonaws.com/a%20b/%C3%BC%2B%25");
  EXPECT_EQ(url_of(settings, "k", "with.dots"), "https://s3.us-east-1.amazonaws.com/with.dots/k");
  settings.s3.region = "cn-north-1";
  EXPECT_EQ(url_of(settings, "k"), "https://examplebucket.s3.cn-north-1.amazonaws.com.cn/k");
  settings.s3.endpoint = "http://127.0.0.1:8333/";
  EXPECT_EQ(url_of(settings, "//k/../x"), "http://127.0.0.1:8333/examplebucket///k/../x");
  settings.s3.endpoint = "http://gateway:80/s3";
  EXPECT_EQ(url_of(settings, ""), "http://gateway/s3/examplebucket/");
  settings.buckets["other"].endpoint = "https://other.example";
  EXPECT_EQ(url_of(settings, "k", "other"), "https://other.example/other/k");
  settings.s3.endpoint = "gateway:80";
  EXPECT_EQ(S3Bucket::make("b", settings).error().kind, ErrorKind::kInvalidArgument);
}

TEST(S3Bucket, RequesterPaysIsSaidAndSigned) {
  StorageSettings settings = with_keys();
  settings.buckets["examplebucket"].request_payer = true;
  const HttpRequest request = get(*bucket(settings));
  EXPECT_THAT(request.headers, Contains("x-amz-request-payer: requester"));
  EXPECT_THAT(request.headers, Contains(HasSubstr("x-amz-request-payer, Signature")));
}

TEST(S3Bucket, AnonymousNeverSigns) {
  StorageSettings settings = with_keys();
  settings.s3.anonymous = true;
  const HttpRequest request = get(*bucket(settings));
  EXPECT_FALSE(request.is_signed);
  EXPECT_THAT(request.headers, Each(Not(StartsWith("Authorization"))));
}

TEST(S3Bucket, KeepsKeysOfABucketApart) {
  StorageSettings settings = with_keys();
  settings.s3.session_token = "token of all";
  settings.buckets["mine"].access_key = "MINE";
  settings.buckets["mine"].secret_key = "secret";
  const HttpRequest request = get(*bucket(settings, "mine"));
  EXPECT_THAT(request.headers, Contains(HasSubstr("Credential=MINE/")));
  EXPECT_THAT(request.headers, Each(Not(StartsWith("x-amz-security-token"))));
}

TEST(S3Bucket, FollowsTheRegionForEveryRequestMadeBefore) {
  auto b = bucket(with_keys());
  const HttpRequest first = get(*b), second = get(*b);
  EXPECT_TRUE(b->recover(first, refusal(301, "PermanentRedirect", "eu-west-1"), {}));
  EXPECT_TRUE(b->recover(second, refusal(301, "PermanentRedirect", "eu-west-1"), {}));
  const HttpRequest third = get(*b);
  EXPECT_EQ(third.url, "https://examplebucket.s3.eu-west-1.amazonaws.com/k");
  EXPECT_THAT(third.headers, Contains(HasSubstr("/20130524/eu-west-1/s3/")));
  EXPECT_FALSE(b->recover(third, refusal(301, "PermanentRedirect", "eu-west-1"), {}));
}

TEST(S3Bucket, TellsWhatItLearns) {
  std::vector<std::string> names, messages;
  StorageSettings settings = with_keys();
  settings.event = [&](const Event& event) {
    names.emplace_back(event.name);
    messages.push_back(event.message);
  };
  const auto b = bucket(settings);
  EXPECT_TRUE(b->recover(get(*b), refusal(301, "PermanentRedirect", "eu-west-1"), {}));
  EXPECT_TRUE(b->recover(get(*b), refusal(403, "RequestTimeTooSkewed"), kNow + 3600 * kMicrosPerSecond));
  EXPECT_TRUE(b->recover(get(*b), refusal(403, "AccessDenied"), {}));
  EXPECT_THAT(names, testing::ElementsAre("redirect", "clock", "unsigned"));
  EXPECT_THAT(messages, Each(StartsWith("s3://examplebucket: ")));
  EXPECT_THAT(messages.front(), HasSubstr("in eu-west-1, not in us-east-1"));
}

TEST(S3Bucket, StopsAtARedirectLoopOfRegions) {
  auto b = bucket(with_keys());
  int changes = 0;
  while (changes < 100 && b->recover(get(*b), refusal(307, "TemporaryRedirect", changes % 2 ? "a" : "b"), {}))
    ++changes;
  EXPECT_LT(changes, 10);
}

TEST(S3Bucket, CorrectsItsClockOnce) {
  auto b = bucket(with_keys());
  const TimeMicros server = kNow + 3600 * kMicrosPerSecond;
  EXPECT_TRUE(b->recover(get(*b), refusal(403, "RequestTimeTooSkewed"), server));
  const HttpRequest request = get(*b);
  EXPECT_THAT(request.headers, Contains("x-amz-date: 20130524T010000Z"));
  EXPECT_FALSE(b->recover(request, refusal(403, "RequestTimeTooSkewed"), server));
}

TEST(S3Bucket, RenewsExpiredCredentials) {
  StorageSettings settings;
  auto chain = std::make_shared<FakeChain>(AwsCredentials{"OLD", "secret", "token"});
  chain->renewed = {"NEW", "secret", "token"};
  settings.chain = chain;
  auto b = bucket(settings);
  EXPECT_TRUE(b->recover(get(*b), refusal(400, "ExpiredToken"), {}));
  const HttpRequest request = get(*b);
  EXPECT_THAT(request.headers, Contains(HasSubstr("Credential=NEW/")));
  b->accepted(request);
  EXPECT_FALSE(b->recover(request, refusal(400, "ExpiredToken"), {}));
}

TEST(S3Bucket, UselessKeysDoNotHideAPublicBucket) {
  auto b = bucket(with_keys());
  const HttpRequest first = get(*b), second = get(*b);
  EXPECT_TRUE(b->recover(first, refusal(403, "InvalidAccessKeyId"), {}));
  EXPECT_TRUE(b->recover(second, refusal(403, "InvalidAccessKeyId"), {}));
  const HttpRequest unsigned_one = get(*b);
  EXPECT_FALSE(unsigned_one.is_signed);
  b->accepted(unsigned_one);
  EXPECT_FALSE(b->recover(get(*b), refusal(403, "AccessDenied"), {}));  // of this one object
  EXPECT_FALSE(get(*b).is_signed);
  EXPECT_TRUE(b->request({.method = "PUT", .key = "k"}, kNow)->is_signed);
}

TEST(S3Bucket, PrivateBucketIsSignedAgainAfterTheTrial) {
  auto b = bucket(with_keys());
  EXPECT_TRUE(b->recover(get(*b), refusal(403, "AccessDenied"), {}));
  EXPECT_TRUE(b->recover(get(*b), refusal(403, "AccessDenied"), {}));
  const HttpRequest again = get(*b);
  EXPECT_TRUE(again.is_signed);
  EXPECT_FALSE(b->recover(again, refusal(403, "AccessDenied"), {}));
}

TEST(S3Bucket, ASuccessSettlesTheSignature) {
  auto b = bucket(with_keys());
  const HttpRequest request = get(*b);
  b->accepted(request);
  EXPECT_FALSE(b->recover(request, refusal(403, "AccessDenied"), {}));
}

TEST(S3Bucket, SigningOnDemandFailsWithoutKeys) {
  StorageSettings settings;
  settings.chain = std::make_shared<FakeChain>(AwsCredentials{});
  EXPECT_FALSE(get(*bucket(settings)).is_signed);
  settings.s3.anonymous = false;
  EXPECT_EQ(S3Bucket::make("b", settings).error().kind, ErrorKind::kPermissionDenied);
}

TEST(Credentials, ProfilesOfTheSharedFiles) {
  constexpr std::string_view kKeys =
      "# c\n[default]\naws_access_key_id = A\naws_secret_access_key=B\r\n[p]\n"
      "aws_access_key_id=P\naws_secret_access_key = S = T\naws_session_token=X\n";
  constexpr std::string_view kConfig = "[default]\nregion=r\n[profile q]\naws_access_key_id=Q\naws_secret_access_key=Z";
  EXPECT_EQ(keys_of_profile(kKeys, kConfig, "default"), (AwsCredentials{"A", "B", ""}));
  EXPECT_EQ(keys_of_profile(kKeys, kConfig, "p"), (AwsCredentials{"P", "S = T", "X"}));
  EXPECT_EQ(keys_of_profile(kKeys, kConfig, "q"), (AwsCredentials{"Q", "Z", ""}));
  EXPECT_FALSE(keys_of_profile(kKeys, kConfig, "none").found());
}

}  // namespace
}  // namespace earthcatalog::storage
