// A call whose data comes piece by piece, as fast as Python takes it.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "bindings.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/cli/calls/call.h"
#include "job.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace earthcatalog::python {
namespace {

// Bytes that the work may be ahead of its reader.
constexpr std::size_t kMostAhead = std::size_t{4} << 20;
constexpr std::chrono::milliseconds kLookEvery{50};

// Lives as long as the reader or the work, whichever ends last.
class Flow {
 public:
  // Of the work: false once nobody reads any more.
  bool push(std::string_view piece) {
    MutexLock lock(mutex_);
    while (!closed_ && data_.size() >= kMostAhead) changed_.wait(mutex_);
    if (closed_) return false;
    data_ += piece;
    changed_.notify_all();
    return true;
  }
  void end(cli::Answer answer) {
    const MutexLock lock(mutex_);
    answer_ = std::move(answer);
    ended_ = true;
    changed_.notify_all();
  }

  // Of the reader: waits for a moment. What there is; `ended` when nothing follows.
  std::string take(bool& ended) {
    MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + kLookEvery;
    while (data_.empty() && !ended_ && changed_.wait_until(mutex_, until)) {
    }
    ended = ended_ && data_.empty();
    changed_.notify_all();
    return std::exchange(data_, {});
  }
  void close() {
    const MutexLock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  cli::Answer answer() {
    const MutexLock lock(mutex_);
    return answer_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::string data_ EC_GUARDED_BY(mutex_);
  cli::Answer answer_ EC_GUARDED_BY(mutex_);
  bool ended_ EC_GUARDED_BY(mutex_) = false, closed_ EC_GUARDED_BY(mutex_) = false;
};

class Stream {
 public:
  Stream(std::string name, std::string spec, std::string storage)
      : job_(std::make_shared<Job>()), flow_(std::make_shared<Flow>()) {
    cli::CallOptions options{.storage = std::move(storage), .hooks = job_->hooks()};
    options.hooks.progress = {};
    options.data = [flow = flow_](std::string_view piece) { return flow->push(piece); };
    job_->start([flow = flow_, name = std::move(name), spec = std::move(spec), options = std::move(options)] {
      flow->end(cli::call(name, spec, options));
    });
    running_ = true;
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { close(); }

  nb::object read() {
    while (running_) {
      bool ended = false;
      std::string data;
      {
        const nb::gil_scoped_release release;
        data = flow_->take(ended);
      }
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
      if (!data.empty()) return nb::bytes(data.data(), data.size());
      if (!ended) continue;
      leave(true);
      const auto answer = flow_->answer();
      if (answer.error) raise_error(*answer.error, answer.report);
    }
    return nb::none();
  }

  std::string report() const { return flow_->answer().report; }

  void close() {
    if (!running_) return;
    flow_->close();
    job_->ask_to_stop();
    leave(false);
  }

 private:
  void leave(bool ended) {
    running_ = false;
    job_->leave(ended);
  }

  std::shared_ptr<Job> job_;
  std::shared_ptr<Flow> flow_;
  bool running_ = false;
};

}  // namespace

void add_stream(nb::module_& module) {
  nb::class_<Stream>(module, "Stream",
                     "A call that prints data, such as search. The work runs at most a few MiB ahead of its reader, "
                     "and ends when the reader closes it.")
      .def(nb::init<std::string, std::string, std::string>(), "name"_a, "spec"_a, nb::kw_only(), "storage"_a = "{}")
      .def("read", &Stream::read, nb::sig("def read(self) -> bytes | None"),
           "The next bytes; None after the last. Raises the error that the call ended with.")
      .def("report", &Stream::report, "The report as JSON, once read() has given None; empty before.")
      .def("close", &Stream::close, "Ends the call early.");
}

}  // namespace earthcatalog::python
