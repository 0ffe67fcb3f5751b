// The module earthcatalog._core. Everything crosses its border as JSON text or bytes; earthcatalog/*.py make Python of
// it.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "job.h"

namespace nb = nanobind;
using namespace nanobind::literals;

NB_MODULE(_core, module) {
  module.doc() = "The native part of earthcatalog. Private: use the package's own modules.";
  earthcatalog::python::add_calls(module);
  earthcatalog::python::add_grid(module);
  earthcatalog::python::add_hashes(module);
  earthcatalog::python::add_items(module);
  earthcatalog::python::add_lock(module);
  earthcatalog::python::add_objects(module);
  earthcatalog::python::add_program(module);
  earthcatalog::python::add_stream(module);
  module.def("stop_all", &earthcatalog::python::stop_all_jobs, "seconds"_a,
             "Asks all that runs in this process to stop, and waits. False when something runs on.");
  module.def("finalize", &earthcatalog::python::finalize, "Ends what the process has once. Nothing can run after it.");
  module.def("note_fork", &earthcatalog::python::note_fork, "For the child of os.fork().");
}
