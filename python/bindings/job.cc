#include "job.h"

#include <nanobind/stl/string.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "earthcatalog/storage/aws/credentials.h"

namespace nb = nanobind;

namespace earthcatalog::python {
namespace {

constexpr std::chrono::milliseconds kLookEvery{50};

// What the process has once. Python's atexit empties it before static objects go.
struct Process {
  Mutex mutex;
  CondVar fewer;
  std::set<std::atomic<bool>*> stops EC_GUARDED_BY(mutex);  // of the jobs that run
  std::atomic<bool> used{false}, forked{false}, finalized{false};
};

// Never destroyed: a daemon thread may end after the static objects.
Process& process() {
  static auto* const process = new Process;
  return *process;
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

Job::Job() {
  begin_work();
  const MutexLock lock(process().mutex);
  process().stops.insert(&stop_);
}

Job::~Job() {
  const MutexLock lock(process().mutex);
  process().stops.erase(&stop_);
  process().fewer.notify_all();
}

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

void Job::run(const std::function<void()>& work, const Listeners& listeners) {
  // Joins when it goes, also before an exception that nobody foresaw.
  const std::jthread thread([&] {
    work();
    const MutexLock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  });
  for (bool ended = false; !ended;) {
    const auto messages = wait(ended);
    hand_on(messages, listeners);
    if (PyErr_CheckSignals() != 0) meet(nb::python_error());
  }
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

void Job::meet(nb::python_error error) {
  if (stop_.exchange(true)) abort_ = true;
  if (met_) return;
  if (error.matches(PyExc_KeyboardInterrupt)) {
    PySys_WriteStderr("earthcatalog: stopping; a second Ctrl-C gives up what is not committed\n");
  }
  met_.emplace(std::move(error));
}

bool stop_all_jobs(double seconds) {
  const nb::gil_scoped_release release;
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                            std::chrono::duration<double>(seconds));
  MutexLock lock(process().mutex);
  for (auto* stop : process().stops) stop->store(true);
  while (!process().stops.empty()) {
    if (!process().fewer.wait_until(process().mutex, until)) break;
  }
  return process().stops.empty();
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

void finalize() {
  process().finalized = true;
  const nb::gil_scoped_release release;
  const storage::S3Runtime ends_here;
}

}  // namespace earthcatalog::python
