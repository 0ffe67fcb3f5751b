// 403 in all its meanings, credentials that age, regions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "earthcatalog/storage/aws/credentials.h"
#include "fetch/fetch_all.h"

namespace earthcatalog::fetch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ScriptReply denied(const std::string& code = "AccessDenied") {
  return {.status = 403, .body = s3_error_body(code), .headers = {{"x-amz-request-id", "ID9"}}};
}
const ScriptReply kFound{.body = "{}"};

TEST(Access, RefusalBeforeAnySuccessStopsTheRunWithTheRemedy) {
  ScriptServer server([](const ScriptRequest&) { return denied(); });
  const auto outcomes = fetch_all(settings_for(server), quick_options(), objects("b", 500));
  ASSERT_FALSE(outcomes.status);
  EXPECT_EQ(outcomes.status.error().kind, ErrorKind::kPermissionDenied);
  EXPECT_THAT(outcomes.status.error().message, AllOf(HasSubstr("s3://b/k"), HasSubstr("403 AccessDenied"),
                                                     HasSubstr("ID9"), HasSubstr("AWS_ACCESS_KEY_ID")));
  EXPECT_TRUE(outcomes.by_key.empty());
  EXPECT_LE(server.requests(), 16);  // a closed bucket is not hammered
}

TEST(Access, RefusalAfterASuccessIsPending) {
  ScriptServer server([](const ScriptRequest& request) { return request.path == "/b/k30" ? denied() : kFound; });
  const auto outcomes = fetch_all(settings_for(server), quick_options(), objects("b", 60));
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 59);
  EXPECT_EQ(outcomes.at("b/k30").outcome, Outcome::kPending);
  EXPECT_EQ(outcomes.at("b/k30").kind, "denied");
  EXPECT_THAT(outcomes.at("b/k30").reason, AllOf(HasSubstr("403 AccessDenied"), HasSubstr("missing")));
}

TEST(Access, FirstRefusalIsNoVerdictWhileOthersSucceed) {
  ScriptServer server([](const ScriptRequest& request) {
    if (request.path == "/b/k0") return denied();
    return ScriptReply{.body = "{}", .delay = std::chrono::milliseconds(50)};
  });
  for (const auto& settings : {settings_for(server), signed_settings_for(server)}) {
    const auto outcomes = fetch_all(settings, quick_options(), objects("b", 20));
    ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
    EXPECT_EQ(outcomes.count(Outcome::kFetched), 19);
    EXPECT_EQ(outcomes.at("b/k0").kind, "denied");
  }
}

TEST(Access, EachBucketNeedsItsOwnSuccess) {
  ScriptServer server(
      [](const ScriptRequest& request) { return request.path.starts_with("/open/") ? kFound : denied(); });
  auto refs = objects("open", 50);
  refs.push_back(object("closed", "k"));
  const auto outcomes = fetch_all(settings_for(server), quick_options(), refs);
  ASSERT_FALSE(outcomes.status);
  EXPECT_THAT(outcomes.status.error().message, HasSubstr("s3://closed/k"));
}

TEST(Access, OnePercentOfRefusalsStopsTheRun) {
  ScriptServer server([](const ScriptRequest& request) { return request.path.ends_with('7') ? denied() : kFound; });
  const auto outcomes = fetch_all(settings_for(server), quick_options(), objects("b", 5000));
  ASSERT_FALSE(outcomes.status);
  EXPECT_EQ(outcomes.status.error().kind, ErrorKind::kPermissionDenied);
  // Every tenth is refused, and the rule counts from a hundred objects on.
  EXPECT_GE(outcomes.count(Outcome::kPending), 5);
  EXPECT_LE(outcomes.count(Outcome::kPending), 25);
  EXPECT_THAT(outcomes.status.error().message, HasSubstr(" objects were refused"));
}

TEST(Access, PublicBucketIsReadWithUselessKeys) {
  for (const std::string code : {"InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "ExpiredToken"}) {
    ScriptServer server([&](const ScriptRequest& request) {
      auto refusal = denied(code);
      if (code == "ExpiredToken") refusal.status = 400;
      return request.is_signed() ? refusal : kFound;
    });
    const auto outcomes = fetch_all(signed_settings_for(server), quick_options(), objects("b", 100));
    ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
    EXPECT_EQ(outcomes.count(Outcome::kFetched), 100) << code;
    EXPECT_LE(server.requests(), 100 + 16) << code;
  }
}

TEST(Access, UselessKeysAndAClosedBucketStopTheRun) {
  ScriptServer server(
      [](const ScriptRequest& request) { return denied(request.is_signed() ? "InvalidAccessKeyId" : "AccessDenied"); });
  const auto outcomes = fetch_all(signed_settings_for(server), quick_options(), objects("b", 100));
  ASSERT_FALSE(outcomes.status);
  EXPECT_THAT(outcomes.status.error().message, HasSubstr("403 InvalidAccessKeyId"));
  EXPECT_TRUE(outcomes.by_key.empty());
}

TEST(Access, SettingsPerBucket) {
  std::map<std::string, bool> was_signed;
  ScriptServer server([&](const ScriptRequest& request) {
    was_signed[request.path] = request.is_signed();
    return kFound;
  });
  auto settings = settings_for(server);
  settings.buckets["private"] = signed_settings_for(server).s3;
  settings.buckets["private"].anonymous = false;
  settings.buckets["private"].request_payer = true;
  const auto outcomes = fetch_all(settings, quick_options(), {object("public", "k"), object("private", "k")});
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_FALSE(was_signed.at("/public/k"));
  EXPECT_TRUE(was_signed.at("/private/k"));
}

TEST(Access, TheRegionThatTheServerNamesIsUsed) {
  ScriptServer server([](const ScriptRequest& request) {
    const auto found = request.headers.find("authorization");
    if (found != request.headers.end() && found->second.find("/eu-north-1/s3/") != std::string::npos) return kFound;
    return ScriptReply{.status = 400,
                       .body = s3_error_body("AuthorizationHeaderMalformed", "wrong", "<Region>eu-north-1</Region>")};
  });
  const auto outcomes = fetch_all(signed_settings_for(server), quick_options(), objects("b", 100));
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 100);
  EXPECT_LE(server.requests(), 100 + 16);
}

TEST(Access, AClockThatIsWrongIsCorrected) {
  // The server lives in 2030; it accepts what was signed then.
  ScriptServer server([](const ScriptRequest& request) {
    if (request.headers.at("x-amz-date").starts_with("2030")) return kFound;
    auto reply = denied("RequestTimeTooSkewed");
    reply.headers.emplace_back("Date", "Tue, 15 Jan 2030 12:00:00 GMT");
    return reply;
  });
  const auto outcomes = fetch_all(signed_settings_for(server), quick_options(), objects("b", 50));
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 50);
}

/// Credentials that are new whenever they are asked for anew.
class RotatingChain : public storage::CredentialChain {
 public:
  Result<storage::AwsCredentials> credentials(std::string_view, Ask ask) override {
    if (ask == Ask::kAnew) ++version_;
    return storage::AwsCredentials{
        .access_key = "key" + std::to_string(version_), .secret_key = "secret", .session_token = "token"};
  }

 private:
  std::atomic<int> version_ = 1;
};

TEST(Access, ExpiredCredentialsAreResolvedAgain) {
  ScriptServer server([n = 0](const ScriptRequest& request) mutable {
    const auto key = "key" + std::to_string(1 + ++n / 300);  // a key lives for 300 requests
    if (request.headers.at("authorization").find("Credential=" + key + "/") != std::string::npos) return kFound;
    return ScriptReply{.status = 400, .body = s3_error_body("ExpiredToken")};
  });
  auto settings = settings_for(server);
  settings.s3.anonymous.reset();
  settings.chain = std::make_shared<RotatingChain>();
  const auto outcomes = fetch_all(settings, quick_options(), objects("b", 1000));
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 1000);
  EXPECT_GT(server.requests(), 1000);
  EXPECT_LE(server.requests(), 1000 + 3 * 16);
}

TEST(Access, ATokenThatExpiresForGoodEndsInRefusals) {
  ScriptServer server([n = 0](const ScriptRequest&) mutable {
    if (++n <= 20) return kFound;
    return ScriptReply{.status = 400, .body = s3_error_body("ExpiredToken")};
  });
  const auto outcomes = fetch_all(signed_settings_for(server), quick_options(), objects("b", 1000));
  ASSERT_FALSE(outcomes.status);
  EXPECT_THAT(outcomes.status.error().message, AllOf(HasSubstr("ExpiredToken"), HasSubstr("expired")));
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 20);
}

}  // namespace
}  // namespace earthcatalog::fetch
