#include "job.h"

#include <nanobind/stl/string.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>
#include <utility>

#include "earthcatalog/storage/aws/credentials.h"

namespace nb = nanobind;

namespace earthcatalog::python {
namespace {

constexpr std::chrono::milliseconds kLookEvery{50}, kMomentForTheAbandoned{300};

struct Running {
  bool ended = false;      // its work
  bool abandoned = false;  // its caller waits no more
};

// What the process has once. Python's atexit empties it before static objects go.
struct Process {
  Mutex mutex;
  CondVar fewer;
  std::map<Job*, Running> jobs EC_GUARDED_BY(mutex);
  std::atomic<bool> used{false}, forked{false}, finalized{false};
};

// Never destroyed: a daemon thread may end after the static objects.
Process& process() {
  static auto* const process = new Process;
  return *process;
}

// Of a job that neither its work nor its caller needs.
void leave_if_over(Job* job) EC_REQUIRES(process().mutex) {
  const auto found = process().jobs.find(job);
  if (!found->second.ended || !found->second.abandoned) return;
  process().jobs.erase(found);
  process().fewer.notify_all();
}

std::string to_json(const Progress& progress) {
  nlohmann::ordered_json json{
      {"stage", progress.stage},
      {"unit", progress.unit},
      {"settled", progress.settled},
      {"before", progress.before},
      {"committed", progress.committed},
      {"unchanged", progress.unchanged},
      {"missing", progress.missing},
      {"pending", progress.pending},
      {"rejected", progress.rejected},
      {"in_flight", progress.in_flight},
      {"bytes_fetched", progress.bytes_fetched},
      {"held_bytes", progress.held_bytes},
      {"total", progress.total < 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(progress.total)},
      {"total_is_estimate", progress.total_is_estimate},
      {"seconds", progress.seconds}};
  if (const auto& waiting = progress.waiting) {
    json["waiting"] = {{"objects", waiting->objects},
                       {"where", waiting->where},
                       {"reason", waiting->reason},
                       {"tries", waiting->tries},
                       {"seconds", waiting->seconds}};
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Hooks Job::hooks() {
  const auto keep = [this](const Progress& progress) {
    const MutexLock lock(mutex_);
    auto& kept = messages_.progress;
    const auto same = [&](const Progress& other) { return std::string_view(other.stage) == progress.stage; };
    if (!kept.empty() && same(kept.back())) {
      kept.back() = progress;
    } else {
      kept.push_back(progress);
    }
  };
  return {.progress = keep, .stop = &stop_};
}

void Job::post_event(std::string_view level, const std::string& message) {
  const nlohmann::ordered_json json{{"level", level}, {"message", message}};
  const MutexLock lock(mutex_);
  messages_.events.push_back(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void Job::start(const std::function<void()>& work) {
  begin_work();
  {
    const MutexLock lock(process().mutex);
    process().jobs.emplace(this, Running{});
  }
  thread_ = std::thread([self = shared_from_this(), work] {
    work();
    {
      const MutexLock lock(self->mutex_);
      self->ended_ = true;
      self->changed_.notify_all();
    }
    const MutexLock lock(process().mutex);
    process().jobs[self.get()].ended = true;
    leave_if_over(self.get());
  });
}

bool Job::run(const std::function<void()>& work, const Listeners& listeners) {
  start(work);
  bool ended = false;
  while (!ended && !abandoned_) {
    const auto messages = wait(ended);
    hand_on(messages, listeners);
    if (PyErr_CheckSignals() != 0) meet(nb::python_error());
  }
  leave(ended);
  return ended;
}

void Job::leave(bool ended) {
  if (ended) {
    const nb::gil_scoped_release release;
    thread_.join();
  } else {
    thread_.detach();
  }
  // Not before: a daemon thread that comes back from the work when the interpreter has ended would end the process.
  const MutexLock lock(process().mutex);
  process().jobs[this].abandoned = true;
  leave_if_over(this);
}

Job::Messages Job::wait(bool& ended) {
  const nb::gil_scoped_release release;
  MutexLock lock(mutex_);
  const auto until = std::chrono::steady_clock::now() + kLookEvery;
  while (!ended_ && changed_.wait_until(mutex_, until)) {
  }
  ended = ended_;
  return std::exchange(messages_, {});
}

void Job::hand_on(const Messages& messages, const Listeners& listeners) {
  try {
    // After an exception nobody listens any more.
    for (const auto& event : messages.events) {
      if (!met_ && !listeners.event.is_none()) listeners.event(event);
    }
    for (const auto& progress : messages.progress) {
      if (!met_ && !listeners.progress.is_none()) listeners.progress(to_json(progress));
    }
  } catch (nb::python_error& error) {
    meet(std::move(error));
  }
}

void Job::meet_in_work(nb::python_error error) {
  if (!met_) met_.emplace(std::move(error));
}

void Job::meet(nb::python_error error) {
  abandoned_ = stop_.exchange(true);
  if (met_) return;
  if (error.matches(PyExc_KeyboardInterrupt)) {
    PySys_WriteStderr("earthcatalog: stopping; a second Ctrl-C gives up what is not committed\n");
  }
  met_.emplace(std::move(error));
}

bool stop_all_jobs(double seconds) {
  using std::chrono::steady_clock;
  const nb::gil_scoped_release release;
  const auto begin = steady_clock::now();
  const auto most = std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double>(seconds));
  MutexLock lock(process().mutex);
  for (const auto& [job, running] : process().jobs) job->ask_to_stop();
  while (!process().jobs.empty()) {
    const bool all_abandoned =
        std::ranges::all_of(process().jobs, [](const auto& entry) { return entry.second.abandoned; });
    if (!process().fewer.wait_until(process().mutex, begin + (all_abandoned ? kMomentForTheAbandoned : most))) break;
  }
  return process().jobs.empty();
}

void begin_work() {
  process().used = true;
  if (process().forked) {
    PyErr_SetString(PyExc_RuntimeError,
                    "this process was forked from one in which earthcatalog had worked, and shares its threads and "
                    "connections: start it by multiprocessing's \"spawn\" or \"forkserver\"");
    throw nb::python_error();
  }
  if (process().finalized) {
    PyErr_SetString(PyExc_RuntimeError, "the interpreter is shutting down: earthcatalog has ended");
    throw nb::python_error();
  }
}

void note_fork() {
  if (process().used) process().forked = true;
}

bool finalized() { return process().finalized; }

void finalize() {
  process().finalized = true;
  const nb::gil_scoped_release release;
  const storage::S3Runtime ends_here;
}

}  // namespace earthcatalog::python
