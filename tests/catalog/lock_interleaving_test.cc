// Several runs that want one lock, with every order of their single steps, pauses of any length at any step, and
// deaths: whoever commits holds the lock object at that instant.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <vector>

#include "catalog/forwarding_store.h"
#include "catalog/lock_support.h"

namespace earthcatalog::catalog {
namespace {

/// Lets one thread at a time do one step.
class Scheduler {
 public:
  explicit Scheduler(std::size_t processes) : states_(processes) {}

  /// Of a process: waits until it is its turn. False: it is dead, the step must not happen.
  bool step(std::size_t process) {
    std::unique_lock hold(mutex_);
    State& state = states_[process];
    if (state.dead) return false;
    state.waiting = true;
    changed_.notify_all();
    changed_.wait(hold, [&] { return state.turn; });
    state.turn = state.waiting = false;
    return !state.dead;
  }
  void finish(std::size_t process) {
    const std::lock_guard hold(mutex_);
    states_[process].finished = true;
    changed_.notify_all();
  }

  /// Of the test: waits until nobody runs, and lets the `choice`th of those that wait do its next step, or die in its
  /// place. False: all are finished.
  bool advance(std::size_t choice, bool die) {
    std::unique_lock hold(mutex_);
    changed_.wait(hold, [&] {
      return std::ranges::all_of(states_, [](const State& s) { return (s.waiting && !s.turn) || s.finished; });
    });
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (!states_[i].finished) ready.push_back(i);
    }
    if (ready.empty()) return false;
    State& chosen = states_[ready[choice % ready.size()]];
    if (die) {
      chosen.dead = true;
      living.erase(static_cast<std::int64_t>(ready[choice % ready.size()]) + 1);
    }
    chosen.turn = true;
    changed_.notify_all();
    return true;
  }

 private:
  struct State {
    bool waiting = false, turn = false, finished = false, dead = false;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<State> states_;
};

/// A fence each of whose calls is a step of its process.
class SteppedFence final : public Fence {
 public:
  SteppedFence(Fence& inner, std::function<Status()> step) : inner_(inner), step_(std::move(step)) {}
  Result<std::optional<std::string>> read() override {
    EC_TRY(step_());
    return inner_.read();
  }
  Result<bool> exists() override {
    EC_TRY(step_());
    return inner_.exists();
  }
  Result<bool> exchange(const std::optional<std::string>& expected, const std::string& token) override {
    EC_TRY(step_());
    return inner_.exchange(expected, token);
  }

 private:
  Fence& inner_;
  std::function<Status()> step_;
};

struct Outcome {
  int acquired = 0, commits = 0, locked = 0;
  std::vector<std::string> violations;
};

class World {
 public:
  World(std::size_t processes, bool catalog_exists) : scheduler(processes), fence_(catalog_exists) {
    for (std::size_t i = 0; i < processes; ++i) {
      const auto host = made_up_host(i % 2 == 0 ? "a" : "b", static_cast<std::int64_t>(i) + 1);
      options_.push_back(options_of(host, fmt::format("run-{}", i)));
    }
  }

  // Three commits, with the lock, as a run makes them.
  void run(std::size_t process) {
    const auto step = [this, process]() -> Status {
      return scheduler.step(process) ? Status{} : fail(ErrorKind::kIOError, "killed");
    };
    const auto store = std::make_shared<ForwardingStore>(store_);
    store->before = [&](std::string_view) { return step(); };
    SteppedFence fence(fence_, step);
    const std::string& run_id = options_[process].run_id;
    auto lock = Lock::acquire({store, "lock"}, fence, options_[process]);
    count([&] { lock ? ++outcome.acquired : ++outcome.locked; });
    for (int commit = 0; lock && commit < 3; ++commit) {
      if (!(*lock)->check()) break;
      if (!step()) break;
      if (try_commit(**lock, run_id)) continue;
      if (!(*lock)->reassert()) break;
    }
    if (lock) (void)(*lock)->release();
    lock = fail(ErrorKind::kCancelled, "over");
    scheduler.finish(process);
  }

  Scheduler scheduler;
  Outcome outcome;

 private:
  // One step: nobody else moves meanwhile.
  bool try_commit(Lock& lock, const std::string& run_id) {
    if (!commit_admitted(lock, fence_)) return false;
    const auto object = store_->get("lock").value();
    const std::string holder = object ? LockRecord::parse(object->bytes).value().run_id : "nobody";
    count([&] {
      ++outcome.commits;
      if (holder != run_id) outcome.violations.push_back(run_id + " committed, the lock was of " + holder);
    });
    return true;
  }
  template <class Body>
  void count(Body&& body) {
    const std::lock_guard hold(counting_);
    body();
  }

  std::shared_ptr<storage::MemoryStore> store_ = std::make_shared<storage::MemoryStore>("t");
  MemoryFence fence_;
  std::vector<LockOptions> options_;
  std::mutex counting_;
};

RC_GTEST_PROP(LockInterleaving, OnlyTheHolderCommits, ()) {
  test_time = kTestStart;
  living.clear();
  const auto processes = *rc::gen::inRange<std::size_t>(2, 5);
  const auto exists = *rc::gen::arbitrary<bool>();
  // A choice below 800 is a step; above, first a pause that makes every lock stale; the highest are deaths.
  const auto choices = *rc::gen::container<std::vector<int>>(120, rc::gen::inRange(0, 1000));
  World world(processes, exists);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < processes; ++i) threads.emplace_back([&world, i] { world.run(i); });
  std::size_t next = 0;
  bool more = true;
  while (more) {
    const int choice = next < choices.size() ? choices[next] : static_cast<int>(next % 7);
    ++next;
    if (choice >= 800 && choice < 980) pass_seconds(301);
    more = world.scheduler.advance(static_cast<std::size_t>(choice), choice >= 980);
  }
  threads.clear();
  RC_ASSERT(world.outcome.violations == std::vector<std::string>{});
  if (std::ranges::all_of(choices, [](int choice) { return choice < 980; })) RC_ASSERT(world.outcome.acquired > 0);
  RC_CLASSIFY(world.outcome.acquired > 1, "more than one had it");
  RC_CLASSIFY(world.outcome.commits > 0, "commits");
  RC_CLASSIFY(world.outcome.locked > 0, "some were refused");
}

}  // namespace
}  // namespace earthcatalog::catalog
