// Whatever the servers do, every object that is handed in comes out exactly once.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "fetch/fetch_all.h"

namespace earthcatalog::fetch {
namespace {

// A reply as the dice say: good ones, gone ones, and every fault there is.
ScriptReply random_reply(std::mt19937& random, const std::string& body) {
  switch (random() % 24) {
    case 0:
      return {.status = 503, .body = s3_error_body("SlowDown")};
    case 1:
      return {.status = 500};
    case 2:
      return {.body = body, .cut_after = body.size() / 2};
    case 3:
      return {.reset = true};
    case 4:
      return {.body = s3_error_body("InternalError")};
    case 5:
      return {.body = body, .close = true};
    case 6:
      return {.body = body, .chunked = true};
    case 7:
      return {.status = 307};
    case 8:
      return {.status = 429, .body = "slow", .close = true};
    case 9:
      return {.body = body, .delay = std::chrono::milliseconds(random() % 20)};
    case 10:
      return {.status = 502, .body = std::string(100, 'x'), .cut_after = 10};
    default:
      return {.body = body};
  }
}

RC_GTEST_PROP(RandomFaults, EveryObjectComesOutOnce, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint32_t>();
  std::mt19937 random(seed);
  ScriptServer server([&](const ScriptRequest& request) {
    if (request.path.ends_with("4")) return ScriptReply{.status = 404};
    if (request.path.ends_with("13")) return ScriptReply{.status = 503};
    if (request.path.ends_with("26")) return ScriptReply{.status = 403, .body = s3_error_body("InvalidObjectState")};
    if (request.path.ends_with("37")) return ScriptReply{.body = std::string(9000, 'x')};
    return random_reply(random, request.path + std::string(request.path.size() * 97 % 3000, 'x'));
  });
  FetchOptions options;
  options.concurrency = 1 + static_cast<int>(seed % 40);
  options.backoff_base_seconds = 0.002;
  options.give_up_seconds = 0.1;
  options.max_object_bytes = 8000;
  options.max_bytes_in_flight = 1 + seed % 20000;
  options.seed = seed;
  std::vector<storage::ObjectRef> refs;
  for (int i = 0; i < 120; ++i) refs.push_back(object("b" + std::to_string(i % 3), "k" + std::to_string(i)));

  const auto outcomes = fetch_all(settings_for(server), options, refs);

  RC_ASSERT(outcomes.status.has_value());
  RC_ASSERT(outcomes.by_key.size() == refs.size());
  for (const auto& ref : refs) {
    const auto& fetched = outcomes.at(ref.bucket + "/" + ref.key);
    RC_ASSERT(fetched.object.key == ref.key);
    RC_LOG() << ref.key << ": " << fetched.kind << ", " << fetched.reason << "\n";
    RC_ASSERT(fetched.outcome == Outcome::kFetched || (!fetched.kind.empty() && !fetched.reason.empty()));
    const auto path = "/" + ref.bucket + "/" + ref.key;
    if (fetched.outcome == Outcome::kFetched) {
      RC_ASSERT(fetched.body == path + std::string(path.size() * 97 % 3000, 'x'));
    }
    // On a busy machine any object may run out of time, also after its connection broke with another one's fault.
    if (fetched.kind == "timeout" || fetched.kind == "connection") continue;
    if (ref.key.ends_with("4")) {
      RC_ASSERT(fetched.outcome == Outcome::kMissing);
    } else if (ref.key.ends_with("13") || ref.key.ends_with("26")) {
      RC_ASSERT(fetched.outcome == Outcome::kPending);
    } else if (ref.key.ends_with("37")) {
      RC_ASSERT(fetched.outcome == Outcome::kRejected);
    } else {
      RC_ASSERT(fetched.outcome == Outcome::kFetched || fetched.outcome == Outcome::kPending);
    }
  }
  RC_ASSERT(outcomes.counters.requests - outcomes.counters.retries == refs.size());
}

}  // namespace
}  // namespace earthcatalog::fetch
