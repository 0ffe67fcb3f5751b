// One object, one reply of the server, one outcome: what needs no second try, and the body's bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <tuple>

#include "earthcatalog/base/time.h"
#include "fetch/fetch_all.h"

namespace earthcatalog::fetch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Always {
 public:
  explicit Always(ScriptReply reply) : server_([reply](const ScriptRequest&) { return reply; }) {}
  Outcomes fetch(const FetchOptions& options = quick_options()) {
    return fetch_all(settings_for(server_), options, {object("b", "k")});
  }
  ScriptServer& server() { return server_; }

 private:
  ScriptServer server_;
};

TEST(HttpRules, BodyComesWholeWithSpareCapacity) {
  for (const std::size_t size : {0u, 1u, 4800u, 16384u, 3000000u}) {
    std::string body(size, 'x');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + i * 7 % 26);
    for (const bool chunked : {false, true}) {
      Always always({.body = body, .chunked = chunked && size > 0});
      const auto outcomes = always.fetch();
      ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
      const auto& fetched = outcomes.at("b/k");
      EXPECT_EQ(fetched.outcome, Outcome::kFetched);
      EXPECT_TRUE(fetched.body == body);
      EXPECT_GE(fetched.body.capacity(), fetched.body.size() + 64);
      EXPECT_EQ(outcomes.counters.bytes, size);
      EXPECT_EQ(outcomes.counters.requests, 1u);
    }
  }
}

TEST(HttpRules, SendsKeysUnderTheirTrueName) {
  std::vector<std::string> paths;
  ScriptServer server([&](const ScriptRequest& request) {
    paths.push_back(request.path);
    return ScriptReply{.body = "{}"};
  });
  const std::vector<std::string> keys = {"a b+c%20.json", "a/../b", "./a//b/", "q?x=1&y#z", "\xc3\xa9\"',\n"};
  std::vector<storage::ObjectRef> refs;
  for (const auto& key : keys) refs.push_back(object("b", key));
  auto options = quick_options();
  options.concurrency = 1;
  const auto outcomes = fetch_all(settings_for(server), options, refs);
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  for (const auto& key : keys) EXPECT_EQ(outcomes.at("b/" + key).outcome, Outcome::kFetched) << key;
  EXPECT_THAT(paths, testing::ElementsAre("/b/a%20b%2Bc%2520.json", "/b/a/../b", "/b/./a//b/", "/b/q%3Fx%3D1%26y%23z",
                                          "/b/%C3%A9%22%27%2C%0A"));
}

TEST(HttpRules, ObjectWithoutVersionGetsTheOneThatWasRead) {
  ScriptServer server([](const ScriptRequest&) {
    return ScriptReply{.body = "{}",
                       .headers = {{"ETag", "\"0123-2\""}, {"Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"}}};
  });
  auto listed = object("b", "listed");
  listed.size_bytes = 7;
  const auto outcomes = fetch_all(settings_for(server), quick_options(), {object("b", "k"), listed});
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  const auto& found = outcomes.at("b/k").object;
  EXPECT_EQ(found.etag, "0123-2") << "as inventories have it: without quotes";
  EXPECT_EQ(found.last_modified, parse_time("1994-11-06T08:49:37Z")->micros);
  EXPECT_EQ(found.size_bytes, 2);
  const auto& kept = outcomes.at("b/listed").object;
  EXPECT_EQ(std::tuple(kept.etag, kept.last_modified, kept.size_bytes),
            std::tuple("", std::optional<TimeMicros>(), std::optional<std::int64_t>(7)))
      << "what the list says of its version stands";
}

TEST(HttpRules, NotFoundIsMissing) {
  Always always({.status = 404, .body = s3_error_body("NoSuchKey"), .headers = {{"x-amz-request-id", "ID7"}}});
  const auto outcomes = always.fetch();
  ASSERT_TRUE(outcomes.status);
  EXPECT_EQ(outcomes.at("b/k").outcome, Outcome::kMissing);
  EXPECT_EQ(outcomes.at("b/k").kind, "missing");
  EXPECT_THAT(outcomes.at("b/k").reason,
              AllOf(HasSubstr("s3://b/k"), HasSubstr("404 NoSuchKey"), HasSubstr("ID7"), HasSubstr("1 try")));
  EXPECT_EQ(always.server().requests(), 1);
}

TEST(HttpRules, ArchivedIsPendingAtOnce) {
  Always always({.status = 403, .body = s3_error_body("InvalidObjectState")});
  const auto outcomes = always.fetch();
  ASSERT_TRUE(outcomes.status);
  EXPECT_EQ(outcomes.at("b/k").outcome, Outcome::kPending);
  EXPECT_EQ(outcomes.at("b/k").kind, "archived");
  EXPECT_THAT(outcomes.at("b/k").reason, AllOf(HasSubstr("403 InvalidObjectState"), HasSubstr("restore")));
  EXPECT_EQ(always.server().requests(), 1);
}

TEST(HttpRules, OtherClientErrorIsPendingAtOnce) {
  Always always({.status = 400, .body = s3_error_body("KMS.DisabledException")});
  const auto outcomes = always.fetch();
  ASSERT_TRUE(outcomes.status);
  EXPECT_EQ(outcomes.at("b/k").outcome, Outcome::kPending);
  EXPECT_EQ(outcomes.at("b/k").kind, "http_error");
  EXPECT_THAT(outcomes.at("b/k").reason, HasSubstr("400 KMS.DisabledException"));
  EXPECT_EQ(always.server().requests(), 1);
}

TEST(HttpRules, AnnouncedTooLargeIsRejectedUnread) {
  Always always({.body = std::string(1000, 'x'), .announced = 10'000'000'000});
  auto options = quick_options();
  options.max_object_bytes = 1 << 20;
  const auto outcomes = always.fetch(options);
  ASSERT_TRUE(outcomes.status);
  EXPECT_EQ(outcomes.at("b/k").outcome, Outcome::kRejected);
  EXPECT_EQ(outcomes.at("b/k").kind, "too_large");
  EXPECT_THAT(outcomes.at("b/k").reason,
              AllOf(HasSubstr("10000000000 bytes"), HasSubstr("1048576"), HasSubstr("`max_object_size`")));
  EXPECT_EQ(always.server().requests(), 1);
}

TEST(HttpRules, ExactlyTheLimitIsTaken) {
  for (const bool chunked : {false, true}) {
    Always always({.body = std::string(1000, 'x'), .chunked = chunked});
    auto options = quick_options();
    options.max_object_bytes = 1000;
    EXPECT_EQ(always.fetch(options).at("b/k").outcome, Outcome::kFetched);
    options.max_object_bytes = 999;
    EXPECT_EQ(always.fetch(options).at("b/k").kind, "too_large");
  }
}

TEST(HttpRules, EndlessBodyIsCutOffAtTheLimit) {
  Always always({.body = std::string(10000, 'x'), .endless = true});
  auto options = quick_options();
  options.max_object_bytes = 100'000;
  const auto outcomes = always.fetch(options);
  EXPECT_EQ(outcomes.at("b/k").outcome, Outcome::kRejected);
  EXPECT_EQ(outcomes.at("b/k").kind, "too_large");
}

TEST(HttpRules, EndlessErrorBodyIsCutOff) {
  Always always({.status = 404, .body = std::string(10000, 'x'), .endless = true});
  const auto outcomes = always.fetch();
  EXPECT_EQ(outcomes.at("b/k").outcome, Outcome::kMissing);
}

TEST(HttpRules, XmlThatIsAnObjectIsTaken) {
  const std::string body = "<?xml version=\"1.0\"?><Error><Code>x</Code></Error>";
  Always with_etag({.body = body, .headers = {{"ETag", "\"1\""}}});
  EXPECT_EQ(with_etag.fetch().at("b/k").outcome, Outcome::kFetched);
  Always no_error({.body = "<?xml version=\"1.0\"?><feed/>"});
  EXPECT_EQ(no_error.fetch().at("b/k").outcome, Outcome::kFetched);
}

TEST(HttpRules, ImpossibleKeysAreRejected) {
  Always always({.body = "{}"});
  const auto outcomes = fetch_all(settings_for(always.server()), quick_options(),
                                  {object("b", ""), object("", "k"), object("..", "k"), object("a/b", "k")});
  ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
  EXPECT_EQ(outcomes.count(Outcome::kRejected), 4);
  EXPECT_EQ(outcomes.at("b/").kind, "bad_name");
  EXPECT_EQ(always.server().requests(), 0);
}

TEST(HttpRules, SourceRootMayBeAPrefixOfAnotherBucket) {
  std::string path;
  ScriptServer server([&](const ScriptRequest& request) {
    path = request.path;
    return ScriptReply{.status = 404};
  });
  for (const auto* root : {"s3://mirror/of/all", "s3://mirror/of/all/"}) {
    auto options = quick_options();
    options.source_root = root;
    const auto outcomes = fetch_all(settings_for(server), options, {object("b", "x/k")});
    ASSERT_TRUE(outcomes.status) << outcomes.status.error().message;
    EXPECT_EQ(path, "/mirror/of/all/b/x/k");
    EXPECT_THAT(outcomes.at("b/x/k").reason, HasSubstr("s3://mirror/of/all/b/x/k"));
  }
}

TEST(HttpRules, ConnectionsAreKeptFromRunToRun) {
  ScriptServer server([](const ScriptRequest&) { return ScriptReply{.body = "{}"}; });
  storage::Stores stores(settings_for(server));
  auto options = quick_options();
  options.concurrency = 4;
  Fetcher fetcher(stores, options);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(fetch_all(fetcher, objects("b", 50)).count(Outcome::kFetched), 50);
  EXPECT_LE(server.connections(), 4);
}

}  // namespace
}  // namespace earthcatalog::fetch
