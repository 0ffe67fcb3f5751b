#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "earthcatalog/cli/calls/call.h"
#include "job.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace earthcatalog::python {
namespace {

constexpr const char* kCallDoc =
    "Runs a command, or \"phase:<name>\", by its JSON spec, whose members are the command's options with underscores.\n"
    "Returns its report as JSON. The GIL is free meanwhile; progress and event are called on this thread. The first\n"
    "Ctrl-C, or an exception of progress or event, stops the work where what is whole is committed, and is raised "
    "then,\n"
    "with the report as its attribute; the second gives up what is not committed.";

void refuse(const nb::object& given, const char* name) {
  if (given.is_none()) return;
  PyErr_Format(PyExc_NotImplementedError, "%s= is not known to this build", name);
  throw nb::python_error();
}

// The exception that ended the work from outside, with what the work had to tell.
[[noreturn]] void raise_met(nb::python_error error, const std::string& report) {
  if (!report.empty()) {
    const auto parsed = nb::module_::import_("json").attr("loads")(report);
    if (PyObject_SetAttrString(error.value().ptr(), "report", parsed.ptr()) != 0) PyErr_Clear();
  }
  throw error;
}

std::string call(const std::string& name, const std::string& spec, const std::string& storage,
                 const nb::object& progress, const nb::object& event, const nb::object& partitioner,
                 const nb::object& lock) {
  refuse(partitioner, "partitioner");
  refuse(lock, "lock");
  Job job;
  const cli::CallOptions options{.storage = storage, .hooks = job.hooks(), .note = [&](const std::string& text) {
                                   job.post_event("warning", text);
                                 }};
  cli::Answer answer;
  job.run([&] { answer = cli::call(name, spec, options); }, {.progress = progress, .event = event});
  if (job.met()) raise_met(std::move(*job.met()), answer.report);
  if (answer.error) raise_error(*answer.error, answer.report);
  return answer.report;
}

}  // namespace

void add_calls(nb::module_& module) {
  module.def("call", &call, "name"_a, "spec"_a, nb::kw_only(), "storage"_a = "{}", "progress"_a = nb::none(),
             "event"_a = nb::none(), "partitioner"_a = nb::none(), "lock"_a = nb::none(), kCallDoc);
  module.def("call_names", &cli::call_names, "The names that call() knows.");
}

}  // namespace earthcatalog::python
