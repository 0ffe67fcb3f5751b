// The parts of the module, one source file each.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "earthcatalog/result.h"

namespace earthcatalog::python {

void add_calls(nanobind::module_& module);    ///< calls.cc: call(), call_names()
void add_program(nanobind::module_& module);  ///< program.cc: cli(), version()

/// Raises the class of earthcatalog.errors that stands for the error. `report`: JSON, or empty.
[[noreturn]] void raise_error(const Error& error, const std::string& report = {});

}  // namespace earthcatalog::python
