// A place that gives nothing ends the run at once; one that gave something before is waited for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "fetch/fetch_all.h"

namespace earthcatalog::fetch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const ScriptReply kFound{.body = "{}"};
ScriptReply no_bucket() { return {.status = 404, .body = s3_error_body("NoSuchBucket")}; }

std::string endpoint_of_nobody() {
  return ScriptServer([](const ScriptRequest&) { return kFound; }).endpoint();
}

storage::StorageSettings settings_for(const std::string& endpoint) {
  storage::StorageSettings settings;
  settings.s3.endpoint = endpoint;
  settings.s3.anonymous = true;
  return settings;
}

FetchOptions patient_options() {
  FetchOptions options;  // of 180 seconds an object
  options.connect_seconds = 2;
  options.seed = 1;
  return options;
}

TEST(DeadPlace, NoSuchBucketStopsTheRun) {
  ScriptServer server([](const ScriptRequest&) { return no_bucket(); });
  const auto outcomes = fetch_all(fetch::settings_for(server), patient_options(), objects("b", 500));
  ASSERT_FALSE(outcomes.status);
  EXPECT_EQ(outcomes.status.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(outcomes.status.error().message,
              AllOf(HasSubstr("s3://b/k"), HasSubstr("NoSuchBucket"), HasSubstr("check the bucket's name")));
  EXPECT_TRUE(outcomes.by_key.empty());
  EXPECT_LE(server.requests(), 16);
}

TEST(DeadPlace, NoSuchBucketAfterASuccessIsPending) {
  ScriptServer server([](const ScriptRequest& request) { return request.path == "/b/k40" ? no_bucket() : kFound; });
  const auto outcomes = fetch_all(fetch::settings_for(server), patient_options(), objects("b", 60));
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.at("b/k40").outcome, Outcome::kPending);
  EXPECT_EQ(outcomes.at("b/k40").kind, "no_bucket");
}

TEST(DeadPlace, ABucketIsJudgedByItsOwnSuccesses) {
  ScriptServer server(
      [](const ScriptRequest& request) { return request.path.starts_with("/b/") ? kFound : no_bucket(); });
  auto refs = objects("b", 50);
  refs.push_back(object("typo", "k"));
  const auto outcomes = fetch_all(fetch::settings_for(server), patient_options(), refs);
  ASSERT_FALSE(outcomes.status);
  EXPECT_THAT(outcomes.status.error().message, HasSubstr("s3://typo/k"));
}

struct DeadEndpoint {
  const char* name;
  std::string endpoint;
  std::vector<std::string> said;
};

TEST(DeadPlace, SilentEndpointStopsTheRunInSeconds) {
  ScriptServer plain([](const ScriptRequest&) { return kFound; });
  const auto port = plain.endpoint().substr(plain.endpoint().rfind(':'));
  const auto nobody = endpoint_of_nobody();
  const DeadEndpoint endpoints[] = {
      {"refused", nobody, {nobody, "`endpoint`"}},
      {"unknown name", "http://nowhere.invalid:8333", {"nowhere.invalid", "does not resolve"}},
      {"TLS to a plain server", "https://127.0.0.1" + port, {"https://127.0.0.1" + port, "http://"}},
  };
  for (const auto& [name, endpoint, said] : endpoints) {
    const auto start = std::chrono::steady_clock::now();
    const auto outcomes = fetch_all(settings_for(endpoint), patient_options(), objects("b", 100));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60)) << name;
    ASSERT_FALSE(outcomes.status) << name;
    EXPECT_EQ(outcomes.status.error().kind, ErrorKind::kIOError) << name;
    for (const auto& words : said) EXPECT_THAT(outcomes.status.error().message, HasSubstr(words)) << name;
    EXPECT_TRUE(outcomes.by_key.empty()) << name;
  }
}

TEST(DeadPlace, ServerThatWantsTlsStopsTheRun) {
  ScriptServer server([](const ScriptRequest&) {
    return ScriptReply{.status = 400, .body = "Client sent an HTTP request to an HTTPS server.\n"};
  });
  const auto outcomes = fetch_all(fetch::settings_for(server), patient_options(), objects("b", 500));
  ASSERT_FALSE(outcomes.status);
  EXPECT_THAT(outcomes.status.error().message, AllOf(HasSubstr("HTTPS server"), HasSubstr("https://")));
  EXPECT_LE(server.requests(), 16);
}

TEST(DeadPlace, UnreachableAfterASuccessIsPending) {
  auto server = std::make_unique<ScriptServer>([](const ScriptRequest&) { return kFound; });
  auto options = quick_options();
  options.give_up_seconds = 1;
  storage::Stores stores(fetch::settings_for(*server));
  Fetcher fetcher(stores, options);
  ASSERT_EQ(fetch_all(fetcher, {object("b", "first")}).count(Outcome::kFetched), 1);
  server.reset();
  const auto outcomes = fetch_all(fetcher, {object("b", "k")});
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.at("b/k").outcome, Outcome::kPending);
  EXPECT_EQ(outcomes.at("b/k").kind, "connection");
  EXPECT_EQ(outcomes.at("b/k").uri, "s3://b/k");

  Fetcher next(stores, options);  // such as that of a backfill's next chunk
  EXPECT_TRUE(fetch_all(next, {object("b", "k")}).status);
}

TEST(DeadPlace, ReportsWhatItWaitsFor) {
  ScriptServer server([](const ScriptRequest& request) {
    return request.nth == 1
               ? ScriptReply{.status = 503, .body = s3_error_body("SlowDown"), .headers = {{"Retry-After", "2"}}}
               : kFound;
  });
  storage::Stores stores(fetch::settings_for(server));
  Fetcher fetcher(stores, quick_options());
  EXPECT_FALSE(fetcher.waiting());
  Outcomes outcomes;
  std::thread run([&] { outcomes = fetch_all(fetcher, {object("b", "k")}); });
  std::optional<RetryWait> waiting;
  for (int i = 0; i < 200 && !waiting; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    waiting = fetcher.waiting();
  }
  run.join();
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->objects, 1);
  EXPECT_EQ(waiting->tries, 1);
  EXPECT_EQ(waiting->where, "s3://b/");
  EXPECT_THAT(waiting->reason, HasSubstr("503 SlowDown"));
  EXPECT_GT(waiting->seconds, 0);
  EXPECT_LE(waiting->seconds, 2);
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 1);
  EXPECT_FALSE(fetcher.waiting());
}

}  // namespace
}  // namespace earthcatalog::fetch
