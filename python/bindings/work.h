// Short work of the library under a Python call: without the GIL, and with its error raised.
#pragma once

#include <nanobind/nanobind.h>

#include <type_traits>
#include <utility>

#include "bindings.h"
#include "earthcatalog/cli/calls/storage.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"
#include "job.h"

namespace earthcatalog::python {

/// Returns what `work`, a function that gives a Result, comes to.
template <class Work>
auto finished(Work&& work) {
  begin_work();
  auto result = [&] {
    const nanobind::gil_scoped_release release;
    return std::forward<Work>(work)();
  }();
  if (!result) raise_error(result.error());
  if constexpr (!std::is_same_v<decltype(result), Status>) return *std::move(result);
}

/// As finished(), of work with one object of a store: `storage` as call() takes it.
template <class Work>
auto finished_at(const std::string& uri, const std::string& storage, Work&& work) {
  return finished([&]() -> std::invoke_result_t<Work, const storage::Location&> {
    EC_ASSIGN_OR_RETURN(const auto settings, cli::call_storage(storage));
    storage::Stores stores(settings);
    EC_ASSIGN_OR_RETURN(const auto where, stores.locate(uri));
    return std::forward<Work>(work)(where);
  });
}

}  // namespace earthcatalog::python
