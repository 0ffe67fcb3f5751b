#include "earthcatalog/cli/program.h"

#include <arrow/config.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <signal.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "earthcatalog/cli/runtime.h"
#include "earthcatalog/version.h"
#include "job.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace earthcatalog::python {
namespace {

// The command line has handlers of its own; Python gets back what it had.
class SignalsOfTheProgram {
 public:
  SignalsOfTheProgram() {
    for (auto& [number, before] : before_) sigaction(number, nullptr, &before);
    runtime_.emplace();
  }
  ~SignalsOfTheProgram() {
    for (const auto& [number, before] : before_) sigaction(number, &before, nullptr);
  }
  SignalsOfTheProgram(const SignalsOfTheProgram&) = delete;
  SignalsOfTheProgram& operator=(const SignalsOfTheProgram&) = delete;

 private:
  std::array<std::pair<int, struct sigaction>, 4> before_{{{SIGINT, {}}, {SIGTERM, {}}, {SIGHUP, {}}, {SIGPIPE, {}}}};
  std::optional<cli::Runtime> runtime_;
};

int run_program(const std::vector<std::string>& arguments) {
  begin_work();
  const SignalsOfTheProgram signals;
  std::vector<const char*> argv;
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  const nb::gil_scoped_release release;
  return cli::run_program(static_cast<int>(argv.size()), argv.data());
}

std::string version() {
  return nlohmann::ordered_json{
      {"version", kVersion}, {"commit", EARTHCATALOG_COMMIT}, {"arrow", arrow::GetBuildInfo().version_string}}
      .dump();
}

}  // namespace

void add_program(nb::module_& module) {
  module.def("cli", &run_program, "argv"_a,
             "The command line in this process; argv[0] is the program. Returns the exit code.");
  module.def("version", &version, "JSON: version, commit, arrow.");
}

}  // namespace earthcatalog::python
