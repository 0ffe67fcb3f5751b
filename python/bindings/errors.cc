#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "bindings.h"

namespace nb = nanobind;

namespace earthcatalog::python {
void raise_error(const Error& error, const std::string& report) {
  const auto module = nb::module_::import_("earthcatalog._raise");
  const auto raised = module.attr("exception")(std::string(to_string(error.kind)), error.message, report, error.detail);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(raised.ptr())), raised.ptr());
  throw nb::python_error();
}

}  // namespace earthcatalog::python
