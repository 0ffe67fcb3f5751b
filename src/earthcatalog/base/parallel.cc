#include "earthcatalog/base/parallel.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "earthcatalog/base/mutex.h"

namespace earthcatalog {

// One loop: which task is next, and who may begin it.
class Turns {
 public:
  using Work = std::function<Status(std::size_t)>;
  using Holds = std::function<std::int64_t(std::size_t)>;

  Turns(std::size_t count, const Parallel& how, const Work& work, const Holds& holds)
      : count_(count),
        computing_limit_(std::max<std::size_t>(1, how.computing)),
        bytes_limit_(how.bytes),
        work_(work),
        holds_(holds),
        thread_limit_(std::min(count, std::max(computing_limit_, how.under_way))),
        next_holds_(holds_of_next()) {}

  Status run() {
    {
      const MutexLock lock(mutex_);
      for (std::size_t i = 1; i < std::min(count_, computing_limit_); ++i) add_thread();
    }
    loop();
    std::vector<std::jthread> threads;
    {
      const MutexLock lock(mutex_);
      threads.swap(threads_);  // with no task left to begin, nobody makes another
    }
    threads.clear();  // joins
    const MutexLock lock(mutex_);
    return std::move(outcome_);
  }

  void begin_waiting() {
    const MutexLock lock(mutex_);
    --computing_;
    if (next_ < count_ && idle_ == 0 && threads_.size() + 1 < thread_limit_ && may_begin()) add_thread();
    changed_.notify_one();
  }

  void end_waiting() {
    const MutexLock lock(mutex_);
    ++computing_;
  }

 private:
  // Adds a thread. When the system has no more to give, those that there are do the work.
  void add_thread() EC_REQUIRES(mutex_) {
    try {
      threads_.emplace_back([this] { loop(); });
    } catch (const std::system_error&) {
      thread_limit_ = threads_.size() + 1;
    }
  }

  bool may_begin() const EC_REQUIRES(mutex_) {
    if (computing_ >= computing_limit_) return false;
    return under_way_ < computing_limit_ || held_bytes_ + next_holds_ <= bytes_limit_;
  }
  std::int64_t holds_of_next() const EC_REQUIRES(mutex_) { return holds_ && next_ < count_ ? holds_(next_) : 0; }

  void loop();

  const std::size_t count_, computing_limit_;
  const std::int64_t bytes_limit_;
  const Work& work_;
  const Holds& holds_;
  Mutex mutex_;
  CondVar changed_;
  std::size_t thread_limit_ EC_GUARDED_BY(mutex_);
  std::size_t next_ EC_GUARDED_BY(mutex_) = 0;       // task to begin
  std::int64_t next_holds_ EC_GUARDED_BY(mutex_);    // bytes
  std::size_t under_way_ EC_GUARDED_BY(mutex_) = 0;  // tasks
  std::size_t computing_ EC_GUARDED_BY(mutex_) = 0;  // of them
  std::size_t idle_ EC_GUARDED_BY(mutex_) = 0;       // threads without a task
  std::int64_t held_bytes_ EC_GUARDED_BY(mutex_) = 0;
  Status outcome_ EC_GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_ EC_GUARDED_BY(mutex_);
};

namespace {
// A loop's task may run a loop of its own; the thread works for the inner one then.
thread_local Turns* turns_of_this_thread = nullptr;
}  // namespace

void Turns::loop() {
  Turns* const outer = std::exchange(turns_of_this_thread, this);
  MutexLock lock(mutex_);
  while (true) {
    ++idle_;
    while (next_ < count_ && !may_begin()) changed_.wait(mutex_);
    --idle_;
    if (next_ >= count_) break;
    const std::size_t task = next_++;
    const std::int64_t holds = std::exchange(next_holds_, holds_of_next());
    ++under_way_;
    ++computing_;
    held_bytes_ += holds;
    lock.unlock();
    Status status = work_(task);
    lock.lock();
    --under_way_;
    --computing_;
    held_bytes_ -= holds;
    if (!status) {
      if (outcome_) outcome_ = std::move(status);
      next_ = count_;
    }
    changed_.notify_all();
  }
  turns_of_this_thread = outer;
}

// Meanwhile the thread works for no loop: a Waiting within this one changes nothing.
Waiting::Waiting() : turns_(std::exchange(turns_of_this_thread, nullptr)) {
  if (turns_ != nullptr) turns_->begin_waiting();
}

Waiting::~Waiting() {
  if (turns_ == nullptr) return;
  turns_->end_waiting();
  turns_of_this_thread = turns_;
}

Status parallel_for(std::size_t count, const Parallel& how, const std::function<Status(std::size_t)>& work,
                    const std::function<std::int64_t(std::size_t)>& holds) {
  return Turns(count, how, work, holds).run();
}

Status parallel_for(std::size_t count, std::size_t workers, const std::function<Status(std::size_t)>& work) {
  return parallel_for(count, {.computing = workers, .under_way = workers}, work);
}

}  // namespace earthcatalog
