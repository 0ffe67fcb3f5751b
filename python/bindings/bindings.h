// The parts of the module, one source file each.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "earthcatalog/result.h"

namespace earthcatalog::python {

void add_calls(nanobind::module_& module);    ///< calls.cc: call(), call_names()
void add_grid(nanobind::module_& module);     ///< grid.cc: GridHandle
void add_hashes(nanobind::module_& module);   ///< hashes.cc: id_hashes(), read_hashes(), write_hashes()
void add_items(nanobind::module_& module);    ///< items.cc: write_items()
void add_lock(nanobind::module_& module);     ///< lock.cc: Lock
void add_objects(nanobind::module_& module);  ///< objects.cc: read_object(), put_object(), remove_object()
void add_program(nanobind::module_& module);  ///< program.cc: cli(), version()
void add_stream(nanobind::module_& module);   ///< stream.cc: Stream

/// Raises the exception that stands for the error (earthcatalog/_raise.py). `report`: JSON, or empty.
[[noreturn]] void raise_error(const Error& error, const std::string& report = {});

}  // namespace earthcatalog::python
