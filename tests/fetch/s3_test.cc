// Against a real S3 server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fetch/fetch_all.h"
#include "support/s3_server.h"

namespace earthcatalog::fetch {
namespace {

using testing_support::S3Server;

class RealS3 : public testing::Test {
 protected:
  static constexpr int kObjects = 60;

  static void SetUpTestSuite() {
    auto& server = S3Server::shared();
    ASSERT_TRUE(server.running()) << server.problem();
    storage::Stores stores(server.settings());
    for (const auto& key : keys()) {
      auto place = stores.locate("s3://its-live-data/");
      ASSERT_TRUE(place) << place.error().message;
      const auto put = place->store->put(key, body_of(key));
      ASSERT_TRUE(put) << put.error().message;
    }
  }
  void SetUp() override { ASSERT_TRUE(S3Server::shared().running()) << S3Server::shared().problem(); }

  static std::vector<std::string> keys() {
    std::vector<std::string> keys = {"fetch/a b+c%20é.json", "fetch/\"quoted\",'comma';.json", "fetch/=&?#[]@!$(*)~"};
    for (int i = 0; i < kObjects; ++i) keys.push_back("fetch/n" + std::to_string(i));
    return keys;
  }
  static std::string body_of(const std::string& key) { return "{" + std::string(key.size() * 100, 'x') + key + "}"; }
  static std::vector<storage::ObjectRef> refs() {
    std::vector<storage::ObjectRef> refs;
    for (const auto& key : keys()) refs.push_back(object(S3Server::kItemsBucket, key));
    refs.push_back(object(S3Server::kItemsBucket, "fetch/not there"));
    return refs;
  }
  static void expect_all(const Outcomes& outcomes) {
    ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
    for (const auto& key : keys()) {
      const auto& fetched = outcomes.at(S3Server::kItemsBucket + ("/" + key));
      EXPECT_EQ(fetched.outcome, Outcome::kFetched) << fetched.reason;
      EXPECT_EQ(fetched.body, body_of(key));
    }
    const auto& missing = outcomes.at(S3Server::kItemsBucket + std::string("/fetch/not there"));
    EXPECT_EQ(missing.outcome, Outcome::kMissing);
    EXPECT_THAT(missing.reason, testing::HasSubstr("404 NoSuchKey (request id "));
  }
};

TEST_F(RealS3, Signed) { expect_all(fetch_all(S3Server::shared().settings(), quick_options(), refs())); }

TEST_F(RealS3, Unsigned) {
  auto settings = S3Server::shared().settings();
  settings.s3.access_key.reset();
  settings.s3.secret_key.reset();
  settings.s3.anonymous = true;
  expect_all(fetch_all(settings, quick_options(), refs()));
}

TEST_F(RealS3, UselessKeysAndAPublicBucket) {
  auto settings = S3Server::shared().settings();
  settings.s3.access_key = "nobody";
  settings.s3.anonymous.reset();
  expect_all(fetch_all(settings, quick_options(), refs()));
}

TEST_F(RealS3, UselessKeysThatMustBeUsedStopTheRun) {
  auto settings = S3Server::shared().settings();
  settings.s3.access_key = "nobody";
  settings.s3.anonymous = false;
  const auto outcomes = fetch_all(settings, quick_options(), refs());
  ASSERT_FALSE(outcomes.status);
  EXPECT_EQ(outcomes.status.error().kind, ErrorKind::kPermissionDenied);
  EXPECT_THAT(outcomes.status.error().message, testing::HasSubstr("403 InvalidAccessKeyId"));
}

TEST_F(RealS3, FetchesWhileTheServerDiesArePending) {
  S3Server mortal;
  ASSERT_TRUE(mortal.running()) << mortal.problem();
  auto options = quick_options();
  options.give_up_seconds = 3;
  storage::Stores stores(mortal.settings());
  ASSERT_TRUE(stores.locate("s3://its-live-data/")->store->put("n0", "{}"));
  Fetcher fetcher(stores, options);
  EXPECT_EQ(fetch_all(fetcher, {object(S3Server::kItemsBucket, "n0")}).count(Outcome::kFetched), 1);
  mortal.kill();
  const auto outcomes = fetch_all(fetcher, objects(S3Server::kItemsBucket, 20));
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.count(Outcome::kPending), 20);
}

}  // namespace
}  // namespace earthcatalog::fetch
