#include "earthcatalog/catalog/lock/lock.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "catalog/forwarding_store.h"
#include "catalog/lock_support.h"

namespace earthcatalog::catalog {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class LockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_time = kTestStart;
    living.clear();
  }

  Result<std::unique_ptr<Lock>> acquire(const std::string& host, std::int64_t pid, const std::string& run) {
    return Lock::acquire(where_, fence_, options_of(made_up_host(host, pid), run));
  }
  std::string stored() { return store_->get(where_.key).value()->bytes; }
  void store(const std::string& json) { ASSERT_TRUE(store_->put(where_.key, json)); }

  std::shared_ptr<storage::MemoryStore> store_ = std::make_shared<storage::MemoryStore>("t");
  storage::Location where_{store_, "catalog.db.lock"};
  MemoryFence fence_;
};

// As the Python peer writes it.
constexpr const char* kPeerLock =
    R"({"owner": "backfill-v2", "pid": 4711, "hostname": "head-node", "acquired": "2020-09-13T12:26:40+00:00", "ttl_hours": 12})";

TEST_F(LockTest, RecordsWhoWhereAndSinceWhen) {
  const auto lock = acquire("a", 12, "run-1");
  ASSERT_TRUE(lock) << lock.error().message;
  const auto record = LockRecord::parse(stored()).value();
  EXPECT_EQ(record.owner, "incremental");
  EXPECT_EQ(record.pid, 12);
  EXPECT_EQ(record.hostname, "a");
  EXPECT_EQ(record.acquired, kTestStart);
  EXPECT_EQ(record.ttl_hours, 12);
  EXPECT_EQ(record.run_id, "run-1");
  EXPECT_EQ(record.boot_id, "boot of a");
  EXPECT_EQ(record.process_start_time, 7);
  EXPECT_EQ(record.heartbeat, kTestStart);
  EXPECT_EQ(record.token, fence_.read().value());
  for (const char* member :
       {"owner", "pid", "hostname", "acquired", "ttl_hours", "run_id", "boot_id", "process_start_time", "heartbeat"}) {
    EXPECT_THAT(stored(), HasSubstr(fmt::format("\"{}\"", member)));
  }
}

TEST_F(LockTest, PausedReleaseLeavesTheSuccessorsLock) {
  const auto paused = std::make_shared<ForwardingStore>(store_);
  auto first = Lock::acquire({paused, where_.key}, fence_, options_of(made_up_host("a", 12), "run-1"));
  ASSERT_TRUE(first) << first.error().message;
  std::unique_ptr<Lock> successor;
  paused->before = [&](std::string_view call) -> Status {
    if (call != "remove") return {};
    pass_seconds(301);
    auto taken = acquire("b", 13, "run-2");
    if (!taken) return std::unexpected(taken.error());
    successor = *std::move(taken);
    return {};
  };
  ASSERT_TRUE((*first)->release());
  ASSERT_NE(successor, nullptr);
  EXPECT_EQ(LockRecord::parse(stored()).value().run_id, "run-2");
  EXPECT_TRUE(commit_admitted(*successor, fence_));
}

TEST_F(LockTest, TellsTheOtherWhoHoldsItAndWhatToDo) {
  const auto lock = acquire("a", 12, "run-1");
  ASSERT_TRUE(lock);
  const auto second = acquire("b", 13, "run-2");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kLocked);
  EXPECT_THAT(second.error().message,
              AllOf(HasSubstr("CatalogLocked"), HasSubstr("incremental"), HasSubstr("process 12 on a"),
                    HasSubstr("2020-09-13T12:26:40Z"), HasSubstr("`unlock(force")));
  EXPECT_TRUE(commit_admitted(**lock, fence_));
}

TEST_F(LockTest, TellsAProgramWhoHoldsItInTheDetailAlsoBehindAContext) {
  const auto lock = acquire("a", 12, "run-1");
  ASSERT_TRUE(lock);
  const auto second = annotate(acquire("b", 13, "run-2"), "opening the catalog");
  ASSERT_FALSE(second);
  const auto detail = nlohmann::json::parse(second.error().detail);
  EXPECT_EQ(detail["owner"], "incremental");
  EXPECT_EQ(detail["pid"], 12);
  EXPECT_EQ(detail["hostname"], "a");
  EXPECT_EQ(detail["run_id"], "run-1");
  EXPECT_EQ(detail["acquired"], "2020-09-13T12:26:40Z");
  EXPECT_EQ(detail["heartbeat"], "2020-09-13T12:26:40Z");
  EXPECT_EQ(detail["lock_uri"], where_.uri());
  EXPECT_FALSE(detail.contains("token")) << "it is the right to commit";
}

TEST_F(LockTest, ALostLockTellsWhoHasItNow) {
  const auto first = acquire("a", 12, "run-1");
  ASSERT_TRUE(first);
  pass_seconds(301);
  const auto second = acquire("b", 13, "run-2");
  ASSERT_TRUE(second);
  const auto lost = (*first)->beat();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::kLocked);
  EXPECT_EQ(nlohmann::json::parse(lost.error().detail)["run_id"], "run-2");
}

TEST(CatalogLocked, NamesTheLockOnlyWhereUnlockWouldNotLook) {
  const LockRecord record{.owner = "incremental"};
  EXPECT_THAT(catalog_locked(record, "s3://b/c.db.lock", "s3://b/c.db").message,
              EndsWith("`unlock(force, catalog=s3://b/c.db)`"));
  EXPECT_THAT(catalog_locked(record, "s3://b/the.lock", "s3://b/c.db").message,
              EndsWith("`unlock(force, catalog=s3://b/c.db, lock=s3://b/the.lock)`"));
}

TEST_F(LockTest, IsFreeAfterRelease) {
  auto lock = acquire("a", 12, "run-1");
  ASSERT_TRUE(lock);
  ASSERT_TRUE((*lock)->release());
  EXPECT_FALSE(store_->get(where_.key).value());
  EXPECT_TRUE(acquire("b", 13, "run-2"));
}

TEST_F(LockTest, ReleasesWhenDestroyed) {
  {
    const auto lock = acquire("a", 12, "run-1");
  }
  EXPECT_FALSE(store_->get(where_.key).value());
}

TEST_F(LockTest, TakesOverFromADeadProcessOfThisHostAtOnce) {
  const auto dead = acquire("a", 12, "run-1");
  ASSERT_TRUE(dead);
  living.erase(12);
  const auto lock = acquire("a", 13, "run-2");
  ASSERT_TRUE(lock) << lock.error().message;
  EXPECT_TRUE(commit_admitted(**lock, fence_));
  EXPECT_FALSE(commit_admitted(**dead, fence_));
}

TEST_F(LockTest, WaitsForTheHeartbeatOfAnotherHost) {
  const auto dead = acquire("a", 12, "run-1");
  ASSERT_TRUE(dead);
  living.erase(12);
  EXPECT_FALSE(acquire("b", 13, "run-2"));
  pass_seconds(300);
  EXPECT_FALSE(acquire("b", 13, "run-2"));
  pass_seconds(1);
  EXPECT_TRUE(acquire("b", 13, "run-2"));
}

TEST_F(LockTest, WaitsForTheHeartbeatAfterAReboot) {
  const auto dead = acquire("a", 12, "run-1");
  ASSERT_TRUE(dead);
  living.erase(12);
  auto host = made_up_host("a", 13);
  host.boot_id = "another boot";
  EXPECT_FALSE(Lock::acquire(where_, fence_, options_of(host, "run-2")));
}

TEST_F(LockTest, HeartbeatsKeepIt) {
  const auto lock = acquire("a", 12, "run-1");
  ASSERT_TRUE(lock);
  for (int i = 0; i < 30; ++i) {
    pass_seconds(30);
    ASSERT_TRUE((*lock)->beat());
    ASSERT_FALSE(acquire("b", 13, "run-2"));
  }
}

TEST_F(LockTest, APausedHolderCannotCommitAfterTheTakeover) {
  const auto paused = acquire("a", 12, "run-1");
  ASSERT_TRUE(paused);
  pass_seconds(301);
  const auto lock = acquire("b", 13, "run-2");
  ASSERT_TRUE(lock);
  EXPECT_FALSE(commit_admitted(**paused, fence_));
  const auto again = (*paused)->reassert();
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, AllOf(HasSubstr("taken over by incremental"), HasSubstr("on b")));
  EXPECT_FALSE((*paused)->check());
  EXPECT_TRUE((*paused)->release());
  EXPECT_TRUE(store_->get(where_.key).value()) << "the new holder's lock must stay";
  EXPECT_TRUE(commit_admitted(**lock, fence_));
}

TEST_F(LockTest, HolderThatIsAliveGoesOnAfterAFailedTakeover) {
  const auto lock = acquire("a", 12, "run-1");
  ASSERT_TRUE(lock);
  // Another has moved the token to take the lock over, and died before it did.
  ASSERT_TRUE(fence_.exchange(fence_.read().value(), "of one that died").value());
  EXPECT_FALSE(commit_admitted(**lock, fence_));
  ASSERT_TRUE((*lock)->reassert());
  EXPECT_TRUE(commit_admitted(**lock, fence_));
}

TEST_F(LockTest, PythonSystemsLockHoldsForItsHours) {
  store(kPeerLock);
  test_time = kTestStart + 12LL * 3600 * kMicrosPerSecond;
  const auto refused = acquire("a", 12, "run-1");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("backfill-v2"), HasSubstr("4711 on head-node"),
                                             HasSubstr("2020-09-13T12:26:40Z"), HasSubstr("12 hours")));
  pass_seconds(1);
  EXPECT_TRUE(acquire("a", 12, "run-1"));
}

TEST_F(LockTest, RefusesAnObjectThatIsNoLock) {
  store("hello");
  const auto refused = acquire("a", 12, "run-1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidData);
  EXPECT_THAT(refused.error().message, HasSubstr("memory://t/catalog.db.lock"));
  EXPECT_EQ(stored(), "hello");
}

TEST_F(LockTest, BreakingItStopsItsHolder) {
  const auto lock = acquire("a", 12, "run-1");
  ASSERT_TRUE(lock);
  EXPECT_EQ(read_lock(where_).value()->run_id, "run-1");
  EXPECT_EQ(break_lock(where_, fence_).value()->run_id, "run-1");
  EXPECT_FALSE(commit_admitted(**lock, fence_));
  const auto lost = (*lock)->reassert();
  ASSERT_FALSE(lost);
  EXPECT_THAT(lost.error().message, HasSubstr("removed"));
  EXPECT_FALSE(break_lock(where_, fence_).value());
}

TEST_F(LockTest, CreatesNoCatalog) {
  MemoryFence absent(false);
  const auto lock = Lock::acquire(where_, absent, options_of(made_up_host("a", 1), "run-1"));
  ASSERT_TRUE(lock);
  EXPECT_FALSE(absent.exists().value());
  EXPECT_TRUE(commit_admitted(**lock, absent));
  EXPECT_TRUE(commit_admitted(**lock, absent));
}

TEST_F(LockTest, AFailedHeartbeatStopsTheNextCommit) {
  const auto faulty = std::make_shared<ForwardingStore>(store_);
  const auto lock = Lock::acquire({faulty, where_.key}, fence_, options_of(made_up_host("a", 12), "run-1"));
  ASSERT_TRUE(lock);
  faulty->before = [](std::string_view) -> Status { return fail(ErrorKind::kUnavailable, "503"); };
  EXPECT_FALSE((*lock)->beat());
  const auto refused = (*lock)->check();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("catalog.db.lock"), HasSubstr("503")));
  faulty->before = nullptr;
  EXPECT_TRUE((*lock)->check());
}

TEST_F(LockTest, SurvivesALostReply) {
  const auto faulty = std::make_shared<ForwardingStore>(store_);
  int calls = 0;
  faulty->after = [&](std::string_view call) -> Status {
    return call.starts_with("put") && calls++ % 2 == 0 ? fail(ErrorKind::kIOError, "reset") : Status{};
  };
  const auto lock = Lock::acquire({faulty, where_.key}, fence_, options_of(made_up_host("a", 12), "run-1"));
  ASSERT_TRUE(lock) << lock.error().message;
  for (int i = 0; i < 10; ++i) {
    pass_seconds(30);
    EXPECT_TRUE((*lock)->beat());
  }
  EXPECT_TRUE(commit_admitted(**lock, fence_));
  EXPECT_TRUE((*lock)->release());
  EXPECT_FALSE(store_->get(where_.key).value());
}

TEST_F(LockTest, AStoreThatIgnoresConditionsIsRefused) {
  const auto careless = std::make_shared<ForwardingStore>(store_);
  careless->ignore_conditions = true;
  const auto refused = Lock::acquire({careless, where_.key}, fence_, options_of(made_up_host("a", 12), "run-1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(refused.error().message, HasSubstr("does not honour"));
  EXPECT_FALSE(store_->get(where_.key).value()) << "nothing may be left behind";
}

TEST_F(LockTest, AStoreWithoutConditionsIsRefused) {
  const auto plain = std::make_shared<ForwardingStore>(store_);
  plain->conditional = false;
  const auto refused = Lock::acquire({plain, where_.key}, fence_, options_of(made_up_host("a", 12), "run-1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
}

TEST(Host, TellsLivingProcessesFromDeadOnes) {
  const auto host = this_host();
  EXPECT_FALSE(host.hostname.empty());
  EXPECT_FALSE(host.boot_id.empty());
  EXPECT_GT(host.process_start_time, 0);
  EXPECT_TRUE(host.process_lives(host.pid, host.process_start_time));
  EXPECT_FALSE(host.process_lives(host.pid, host.process_start_time + 1)) << "the pid of an earlier process";
  EXPECT_FALSE(host.process_lives(0x3fffffff, 0));
}

TEST(LockRecord, RoundTripsAndRefusesOtherText) {
  LockRecord record{.owner = "a \"b\"",
                    .pid = 3,
                    .hostname = "h",
                    .acquired = kTestStart,
                    .ttl_hours = 1.5,
                    .run_id = "r",
                    .boot_id = "b",
                    .pid_namespace = "n",
                    .token = "t",
                    .process_start_time = 9,
                    .heartbeat = kTestStart + 1};
  const auto again = LockRecord::parse(record.to_json()).value();
  EXPECT_EQ(again.to_json(), record.to_json());
  EXPECT_EQ(again.heartbeat, record.heartbeat);
  for (const char* bad : {"", "[]", "{}", R"({"acquired": "yesterday"})", R"({"acquired": null})"}) {
    EXPECT_FALSE(LockRecord::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace earthcatalog::catalog
