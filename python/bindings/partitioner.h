// A partitioner written in Python, as the core's.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

#include "earthcatalog/cli/callers_grid.h"
#include "job.h"

namespace earthcatalog::python {

/// `partitioner` has get_intersecting_keys(bytes) -> list[str], which threads of the core call with the GIL; or
/// get_intersecting_keys_many(list[bytes]) -> list[list[str]] of its own, which gets many at once. What it raises ends
/// the work, and is an exception that `job` met; it never makes an item one without a place. `job` must outlive what is
/// made.
std::shared_ptr<const cli::CallersGrid> python_grid(const nanobind::object& partitioner, Job& job);

}  // namespace earthcatalog::python
