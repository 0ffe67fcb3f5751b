// Watches a long job from outside and stops it.
//
//   ProgressMeter files(hooks.progress, {.stage = "read files", .unit = "files", .total = 300});
//   ... from any thread: files.add();
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "earthcatalog/base/event.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/stopwatch.h"

namespace earthcatalog {

/// Objects that a run waits for until their next try.
struct RetryWait {
  std::int64_t objects = 0;  ///< that wait
  std::string where;         ///< the bucket's URI, of the object that failed last
  std::string reason;        ///< of its last failure
  int tries = 0;             ///< that it has had
  double seconds = 0;        ///< until the next try of any object
};

/// A look at a job under way.
struct Progress {
  std::int64_t settled = 0;    ///< units that are done with
  std::int64_t before = 0;     ///< of these, what earlier runs did
  std::int64_t unchanged = 0;  ///< of these, what needed no work
  std::int64_t committed = 0, missing = 0, pending = 0, rejected = 0;
  std::int64_t in_flight = 0;
  std::int64_t bytes_fetched = 0, held_bytes = 0;
  std::int64_t total = -1;         ///< negative: nobody can tell
  bool total_is_estimate = false;  ///< by how much of the input has been read
  double seconds = 0;              ///< since the stage began
  std::optional<RetryWait> waiting;
  const char* stage = "";  ///< "fetch", "write", "commit"
  const char* unit = "items";
};

/// Called a few times a second, on any thread, on one at a time.
using ProgressFunction = std::function<void(const Progress&)>;

struct Hooks {
  ProgressFunction progress;
  const std::atomic<bool>* stop = nullptr;            ///< set: what is whole is committed, and the job comes back early
  std::function<void(const std::string&)> warn = {};  ///< called at once with what the report's `warnings` have
  EventFunction event = {};                           ///< for those who make the stores: StorageSettings::event
  const std::atomic<bool>* abort = nullptr;           ///< set after `stop`: nothing more is committed
  bool stopping() const { return stop != nullptr && stop->load(); }
  bool aborting() const { return abort != nullptr && abort->load(); }
};

/// Counts the units of one stage and tells of them. Thread-safe.
class ProgressMeter {
 public:
  /// `look` says stage, unit and total.
  ProgressMeter(const ProgressFunction& progress, Progress look) : progress_(progress), look_(std::move(look)) {
    tell();
  }

  void add(std::int64_t units = 1) {
    settled_.fetch_add(units, std::memory_order_relaxed);
    if (!progress_) return;
    if (!mutex_.try_lock()) return;  // another thread tells
    const MutexLock lock(mutex_, std::adopt_lock);
    if (since_told_.seconds() >= kEverySeconds) tell();
  }

 private:
  static constexpr double kEverySeconds = 0.2;

  void tell() EC_REQUIRES(mutex_) {
    if (!progress_) return;
    since_told_ = {};
    look_.settled = settled_.load(std::memory_order_relaxed);
    look_.seconds = time_.seconds();
    progress_(look_);
  }

  const ProgressFunction& progress_;
  Progress look_ EC_GUARDED_BY(mutex_);
  const Stopwatch time_;
  std::atomic<std::int64_t> settled_{0};
  Mutex mutex_;
  Stopwatch since_told_ EC_GUARDED_BY(mutex_);
};

}  // namespace earthcatalog
