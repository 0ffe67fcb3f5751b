#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "bindings.h"

namespace nb = nanobind;

namespace earthcatalog::python {
namespace {

template <class T>
std::string detail_of(const T& error) {
  if constexpr (requires { error.detail; }) {
    return error.detail;
  } else {
    return {};
  }
}

}  // namespace

void raise_error(const Error& error, const std::string& report) {
  const auto module = nb::module_::import_("earthcatalog._raise");
  const auto raised =
      module.attr("exception")(std::string(to_string(error.kind)), error.message, report, detail_of(error));
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(raised.ptr())), raised.ptr());
  throw nb::python_error();
}

}  // namespace earthcatalog::python
