// Work that runs on a thread of its own, while the calling Python thread waits without the GIL, hands on what the work
// says, and looks for Ctrl-C.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/progress.h"

namespace earthcatalog::python {

/// The Python functions that a job tells of itself; either may be None. They run on the calling thread.
struct Listeners {
  nanobind::object progress;  ///< gets a Progress as JSON, a few times a second
  nanobind::object event;     ///< gets an event as JSON: {"level": "warning", "message": ...}
};

/// One piece of work. All but hooks(), post_event(), meet_in_work() and abandoned() is for the thread that made it,
/// with the GIL held.
class Job : public std::enable_shared_from_this<Job> {
 public:
  Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  /// Hooks that speak to this job, which must outlive them.
  Hooks hooks();
  void post_event(std::string_view level, const std::string& message);

  /// Returns true when `work` has ended, which must not throw. The first Ctrl-C, or exception of a listener, sets the
  /// hooks' stop. After a second one it returns false: `work` runs on, on a thread that nobody waits for, up to where
  /// it may stop, and must own what it uses.
  bool run(const std::function<void()>& work, const Listeners& listeners);

  /// The parts of run(), for a caller that does other things meanwhile: begins `work`, and leaves it, waiting for its
  /// end when `ended` says that it is there.
  void start(const std::function<void()>& work);
  void leave(bool ended);
  /// Takes an exception that Python code raised on a thread of the work, with the GIL held.
  void meet_in_work(nanobind::python_error error);
  /// Nobody waits for the work any more: it must not enter Python.
  bool abandoned() const { return abandoned_; }
  /// Hands out the first exception that was met while the work ran: Ctrl-C's, or one of the caller's functions.
  std::optional<nanobind::python_error> take_met() { return std::exchange(met_, std::nullopt); }
  void ask_to_stop() { stop_ = true; }

 private:
  struct Messages {
    std::vector<Progress> progress;  // the last of each stage
    std::vector<std::string> events;
  };

  Messages wait(bool& ended);
  void hand_on(const Messages& messages, const Listeners& listeners);
  void meet(nanobind::python_error error);

  std::atomic<bool> stop_{false};
  std::thread thread_;
  std::atomic<bool> abandoned_{false};
  Mutex mutex_;
  CondVar changed_;
  bool ended_ EC_GUARDED_BY(mutex_) = false;
  Messages messages_ EC_GUARDED_BY(mutex_);
  std::optional<nanobind::python_error> met_;  // guarded by the GIL
};

/// Asks all jobs of the process to stop, and waits for them without the GIL: `seconds`, but only a moment for those
/// that a second Ctrl-C has given up. False when some run on.
bool stop_all_jobs(double seconds);

/// Begins to work. Raises RuntimeError in a child of a process that had worked before it forked, and after finalize().
void begin_work();
/// In the child of a fork: its threads, connections and locks are the parent's.
void note_fork();
/// Ends what the process has once. No work can follow.
void finalize();
/// Whether finalize() was called: Python's objects are its own to end.
bool finalized();

}  // namespace earthcatalog::python
