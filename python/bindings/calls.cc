#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <utility>

#include "bindings.h"
#include "earthcatalog/cli/calls/call.h"
#include "job.h"
#include "lock.h"
#include "partitioner.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace earthcatalog::python {
namespace {

constexpr const char* kCallSignature =
    "def call(name: str, spec: str, *, storage: str = '{}', "
    "progress: collections.abc.Callable[[str], object] | None = None, "
    "event: collections.abc.Callable[[str], object] | None = None, partitioner: object | None = None, "
    "lock: object | None = None) -> str";

constexpr const char* kCallDoc =
    "Runs a command, or \"phase:<name>\", by its JSON spec, whose members are the command's options with underscores.\n"
    "Returns its report as JSON. The GIL is free meanwhile; progress and event are called on this thread. The first\n"
    "Ctrl-C, or an exception of progress or event, stops the work where what is whole is committed, and is raised "
    "then,\n"
    "with the report as its attribute; after the second nobody waits for the work any more.";

// The exception that ended the work from outside, with what the work had to tell.
[[noreturn]] void raise_met(nb::python_error error, const std::string& report, const std::string& note) {
  nb::object told = nb::none();
  if (!report.empty()) told = nb::module_::import_("json").attr("loads")(report);
  if (PyObject_SetAttrString(error.value().ptr(), "report", told.ptr()) != 0) PyErr_Clear();
  if (!note.empty()) error.value().attr("add_note")(note);
  throw error;
}

// All that a call uses: its thread may outlive it.
struct Call {
  std::string name, spec;
  cli::CallOptions options;
  cli::Answer answer;
};

std::string call(const std::string& name, const std::string& spec, const std::string& storage,
                 const nb::object& progress, const nb::object& event, const nb::object& partitioner,
                 const nb::object& lock) {
  const auto job = std::make_shared<Job>();
  const auto asked = std::make_shared<Call>(name, spec);
  asked->options.storage = storage;
  asked->options.hooks = job->hooks();
  asked->options.note = [job = job.get()](const std::string& text) { job->post_event("warning", text); };
  if (!partitioner.is_none()) asked->options.grid = python_grid(partitioner, *job);
  if (!lock.is_none()) asked->options.lock = nb::cast<std::shared_ptr<LockHandle>>(lock)->lock();
  const bool ended = job->run([asked] { asked->answer = cli::call(asked->name, asked->spec, asked->options); },
                              {.progress = progress, .event = event});
  auto met = job->take_met();
  if (met) {
    const bool told = ended && asked->answer.error && asked->answer.error->kind != ErrorKind::kCancelled;
    raise_met(std::move(*met), ended ? asked->answer.report : std::string(), told ? asked->answer.error->message : "");
  }
  if (asked->answer.error) raise_error(*asked->answer.error, asked->answer.report);
  return asked->answer.report;
}

}  // namespace

void add_calls(nb::module_& module) {
  module.def("call", &call, "name"_a, "spec"_a, nb::kw_only(), "storage"_a = "{}", "progress"_a = nb::none(),
             "event"_a = nb::none(), "partitioner"_a = nb::none(), "lock"_a = nb::none(), nb::sig(kCallSignature),
             kCallDoc);
  module.def("call_names", &cli::call_names, "The names that call() knows.");
}

}  // namespace earthcatalog::python
