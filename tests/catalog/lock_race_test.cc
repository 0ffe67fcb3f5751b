// Real threads and processes that want one lock at the same time, on a local disk and on an S3 server.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barrier>
#include <thread>
#include <vector>

#include "catalog/lock_support.h"
#include "earthcatalog/storage/stores.h"
#include "support/s3_server.h"
#include "support/temp_folder.h"

namespace earthcatalog::catalog {
namespace {

using testing_support::S3Server;
using testing_support::TempFolder;

LockOptions this_process(const std::string& run_id) {
  LockOptions options;
  options.catalog = "catalog.db";
  options.run_id = run_id;
  options.host = this_host();
  options.heartbeat_seconds = 0;
  return options;
}

struct RaceResult {
  int winners = 0, admitted = 0, refused = 0;
  std::string other_error;
};

// All threads begin at once and hold what they get until all have tried.
RaceResult race(const storage::Location& where, Fence& fence, int count) {
  RaceResult result;
  std::mutex mutex;
  std::barrier begin(count), tried(count);
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      begin.arrive_and_wait();
      const auto lock = Lock::acquire(where, fence, this_process(fmt::format("run-{}", i)));
      tried.arrive_and_wait();
      const std::lock_guard guard(mutex);
      if (lock) {
        ++result.winners;
        result.admitted += commit_admitted(**lock, fence) || ((*lock)->reassert() && commit_admitted(**lock, fence));
      } else if (lock.error().kind == ErrorKind::kLocked) {
        ++result.refused;
      } else {
        result.other_error = lock.error().message;
      }
    });
  }
  return threads.clear(), result;
}

void expect_one_winner(const storage::Location& where, int threads, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    MemoryFence fence(round % 2 == 0);
    if (round % 3 == 2) {
      LockRecord stale;
      stale.acquired = kTestStart;
      stale.heartbeat = kTestStart;
      ASSERT_TRUE(where.store->put(where.key, stale.to_json()));
    }
    const auto result = race(where, fence, threads);
    EXPECT_EQ(result.other_error, "");
    EXPECT_EQ(result.winners, 1);
    EXPECT_EQ(result.admitted, 1);
    EXPECT_EQ(result.refused, threads - 1);
    ASSERT_FALSE(where.store->get(where.key).value()) << "released";
  }
}

TEST(LockRace, OneThreadWinsOnALocalDisk) {
  const TempFolder folder;
  storage::Stores stores({});
  expect_one_winner(stores.locate(folder / "catalog.db.lock").value(), 16, 20);
}

TEST(LockRace, OneThreadWinsOnS3) {
  S3Server& server = S3Server::shared();
  ASSERT_TRUE(server.running()) << server.problem();
  storage::Stores stores(server.settings());
  expect_one_winner(stores.locate("s3://test-warehouse/race/catalog.db.lock").value(), 8, 6);
}

/// A child process that tries to take the lock, says how it went, and holds what it got until it is told to end.
class Contender {
 public:
  explicit Contender(const std::string& lock_path) {
    EXPECT_EQ(pipe(answer_), 0);
    EXPECT_EQ(pipe(order_), 0);
    pid_ = fork();
    if (pid_ == 0) _exit(child(lock_path));
    close(answer_[1]);
    close(order_[0]);
  }
  ~Contender() {
    // A byte, not the end of the pipe: later children hold copies of it.
    if (!killed_) {
      EXPECT_EQ(write(order_[1], "e", 1), 1);
    }
    close(order_[1]);
    close(answer_[0]);
    waitpid(pid_, nullptr, 0);
  }
  char answer() {
    char byte = '?';
    EXPECT_EQ(read(answer_[0], &byte, 1), 1);
    return byte;
  }
  void kill_it() {
    killed_ = true;
    kill(pid_, SIGKILL);
  }

 private:
  int child(const std::string& lock_path) {
    close(answer_[0]);
    close(order_[1]);
    storage::Stores stores({});
    MemoryFence fence;
    auto lock = Lock::acquire(stores.locate(lock_path).value(), fence, this_process("child"));
    const char byte = lock ? 'w' : lock.error().kind == ErrorKind::kLocked ? 'r' : 'e';
    char end = 0;
    const bool told = write(answer_[1], &byte, 1) == 1 && read(order_[0], &end, 1) == 1;
    return lock && told && !(*lock)->release() ? 1 : 0;
  }

  int answer_[2] = {}, order_[2] = {};
  pid_t pid_ = -1;
  bool killed_ = false;
};

TEST(LockRace, OneProcessWins) {
  const TempFolder folder;
  for (int round = 0; round < 5; ++round) {
    std::vector<std::unique_ptr<Contender>> contenders;
    for (int i = 0; i < 6; ++i) contenders.push_back(std::make_unique<Contender>(folder / "lock"));
    std::string answers;
    for (auto& contender : contenders) answers += contender->answer();
    EXPECT_EQ(std::ranges::count(answers, 'w'), 1) << answers;
    EXPECT_EQ(std::ranges::count(answers, 'r'), 5) << answers;
  }
}

TEST(LockRace, AKilledProcessGivesItUp) {
  const TempFolder folder;
  auto killed = std::make_unique<Contender>(folder / "lock");
  ASSERT_EQ(killed->answer(), 'w');
  storage::Stores stores({});
  MemoryFence fence;
  const auto where = stores.locate(folder / "lock").value();
  EXPECT_FALSE(Lock::acquire(where, fence, this_process("next")));
  killed->kill_it();
  killed.reset();
  const auto lock = Lock::acquire(where, fence, this_process("next"));
  EXPECT_TRUE(lock) << lock.error().message;
}

TEST(LockRace, TheHeartbeatThreadBeats) {
  const TempFolder folder;
  storage::Stores stores({});
  MemoryFence fence;
  const auto where = stores.locate(folder / "lock").value();
  auto options = this_process("run");
  options.heartbeat_seconds = 1;
  const auto lock = Lock::acquire(where, fence, options);
  ASSERT_TRUE(lock);
  const auto first = read_lock(where).value()->heartbeat;
  auto now = first;
  for (int i = 0; now == first && i < 1000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    now = read_lock(where).value()->heartbeat;
  }
  EXPECT_GT(now, first);
}

}  // namespace
}  // namespace earthcatalog::catalog
