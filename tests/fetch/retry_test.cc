// Failures that may pass: each is tried again, and pending in the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "fetch/fetch_all.h"

namespace earthcatalog::fetch {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

struct Fault {
  const char* name;
  ScriptReply reply;
  const char* kind;
  const char* reason;
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

class RetriedFault : public testing::TestWithParam<Fault> {};

TEST_P(RetriedFault, PassesAfterSomeTries) {
  ScriptServer server(
      [&](const ScriptRequest& request) { return request.nth <= 3 ? GetParam().reply : ScriptReply{.body = "{}"}; });
  const auto outcomes = fetch_all(settings_for(server), quick_options(), {object("b", "k")});
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.at("b/k").outcome, Outcome::kFetched) << outcomes.at("b/k").reason;
  EXPECT_EQ(outcomes.at("b/k").body, "{}");
  EXPECT_EQ(server.requests(), 4);
}

TEST_P(RetriedFault, LastingFaultIsPendingAndDelaysNothingElse) {
  ScriptServer server([&](const ScriptRequest& request) {
    return request.path == "/b/bad" ? GetParam().reply : ScriptReply{.body = "{}"};
  });
  auto options = quick_options();
  options.give_up_seconds = 2;
  options.backoff_base_seconds = 0.1;
  auto refs = objects("b", 20);
  refs.insert(refs.begin(), object("b", "bad"));
  const auto outcomes = fetch_all(settings_for(server), options, refs);
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 20);
  const auto& bad = outcomes.at("b/bad");
  EXPECT_EQ(bad.outcome, Outcome::kPending);
  EXPECT_EQ(bad.kind, GetParam().kind);
  EXPECT_THAT(bad.reason, AllOf(HasSubstr("s3://b/bad"), HasSubstr(GetParam().reason), HasSubstr(" tries in ")));
  EXPECT_THAT(bad.reason, testing::AnyOf(HasSubstr("retry"), HasSubstr("try again"), HasSubstr("`region`")));
  EXPECT_GT(server.requests("/b/bad"), 2);
}

const Fault kFaults[] = {
    {"SlowDown503", {.status = 503, .body = s3_error_body("SlowDown")}, "throttled", "503 SlowDown (request id REQ1)"},
    {"TooMany429", {.status = 429}, "throttled", "429 TooManyRequests"},
    {"Internal500", {.status = 500, .body = s3_error_body("InternalError")}, "server_error", "500 InternalError"},
    {"BadGateway502", {.status = 502, .body = "<html>oops</html>"}, "server_error", "502 BadGateway"},
    {"RequestTimeout400", {.status = 400, .body = s3_error_body("RequestTimeout")}, "server_error", "RequestTimeout"},
    {"ErrorWithStatus200", {.body = s3_error_body("InternalError")}, "error_body", "status 200 with an error"},
    {"SlowDownWithStatus200", {.body = s3_error_body("SlowDown")}, "throttled", "200 SlowDown"},
    {"Truncated", {.body = std::string(5000, 'x'), .cut_after = 2500}, "truncated", "status 200"},
    {"CutBeforeBody", {.body = std::string(5000, 'x'), .cut_after = 0}, "truncated", "status 200"},
    {"CutInHeader", {.body = std::string(5000, 'x'), .cut_header_after = 20}, "truncated", "within its header"},
    {"Reset", {.reset = true}, "connection", "no reply"},
    {"RedirectToNowhere", {.status = 307, .body = s3_error_body("TemporaryRedirect")}, "redirect", "307 Temporary"},
};

INSTANTIATE_TEST_SUITE_P(Faults, RetriedFault, testing::ValuesIn(kFaults),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(Retry, DripEndsInTimeOutAndPending) {
  ScriptServer server([](const ScriptRequest&) {
    return ScriptReply{.body = std::string(5000, 'x'), .pause_between_bytes = milliseconds(20)};
  });
  auto options = quick_options();
  options.give_up_seconds = 2.5;
  const auto outcomes = fetch_all(settings_for(server), options, {object("b", "k")});
  EXPECT_EQ(outcomes.at("b/k").outcome, Outcome::kPending);
  EXPECT_EQ(outcomes.at("b/k").kind, "timeout");
  EXPECT_THAT(outcomes.at("b/k").reason, HasSubstr("status 200"));
  EXPECT_GE(server.requests(), 2);  // the first ended by its lack of speed, before the object's time was up
}

TEST(Retry, SilenceEndsInTimeOutAndPending) {
  ScriptServer server([](const ScriptRequest&) { return ScriptReply{.body = "{}", .delay = milliseconds(20000)}; });
  auto options = quick_options();
  options.give_up_seconds = 0.5;
  const auto outcomes = fetch_all(settings_for(server), options, {object("b", "k")});
  EXPECT_EQ(outcomes.at("b/k").kind, "timeout");
  EXPECT_THAT(outcomes.at("b/k").reason, HasSubstr("no reply"));
}

TEST(Retry, RetryAfterIsHonoured) {
  std::vector<std::chrono::steady_clock::time_point> times;
  ScriptServer server([&](const ScriptRequest& request) {
    times.push_back(std::chrono::steady_clock::now());
    if (request.nth == 1) return ScriptReply{.status = 503, .headers = {{"Retry-After", "1"}}};
    return ScriptReply{.body = "{}"};
  });
  const auto outcomes = fetch_all(settings_for(server), quick_options(), {object("b", "k")});
  EXPECT_EQ(outcomes.at("b/k").outcome, Outcome::kFetched);
  ASSERT_EQ(times.size(), 2u);
  EXPECT_GE(times[1] - times[0], milliseconds(1000));
  EXPECT_LT(times[1] - times[0], milliseconds(4000));
}

TEST(Retry, RetryAfterBeyondTheDeadlineGivesUpAtOnce) {
  ScriptServer server(
      [](const ScriptRequest&) { return ScriptReply{.status = 503, .headers = {{"Retry-After", "3600"}}}; });
  const auto start = std::chrono::steady_clock::now();
  const auto outcomes = fetch_all(settings_for(server), quick_options(), {object("b", "k")});
  EXPECT_EQ(outcomes.at("b/k").outcome, Outcome::kPending);
  EXPECT_EQ(server.requests(), 1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(5000));
}

TEST(Retry, ClosedKeepAliveConnectionCostsNoTry) {
  ScriptServer server([](const ScriptRequest&) { return ScriptReply{.body = "{}", .close = true}; });
  auto options = quick_options();
  options.concurrency = 2;
  const auto outcomes = fetch_all(settings_for(server), options, objects("b", 50));
  EXPECT_EQ(outcomes.count(Outcome::kFetched), 50);
}

TEST(Retry, WaitingObjectsOccupyNoSlot) {
  // Ten objects wait six seconds each for their retry; with two slots, the other hundred must not wait for them.
  int good = 0, good_before_retries = -1;
  ScriptServer server([&](const ScriptRequest& request) {
    const bool slow = request.path.starts_with("/b/slow");
    if (slow && request.nth == 1) return ScriptReply{.status = 500, .headers = {{"Retry-After", "6"}}};
    if (slow && good_before_retries < 0) good_before_retries = good;
    good += slow ? 0 : 1;
    return ScriptReply{.body = "{}"};
  });
  std::vector<storage::ObjectRef> refs;
  for (int i = 0; i < 10; ++i) refs.push_back(object("b", "slow" + std::to_string(i)));
  for (const auto& ref : objects("b", 100)) refs.push_back(ref);
  auto options = quick_options();
  options.concurrency = 2;
  EXPECT_EQ(fetch_all(settings_for(server), options, refs).count(Outcome::kFetched), 110);
  EXPECT_EQ(good_before_retries, 100);
}

}  // namespace
}  // namespace earthcatalog::fetch
