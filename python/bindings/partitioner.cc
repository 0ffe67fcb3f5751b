#include "partitioner.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/grid/named_partitioner.h"

namespace nb = nanobind;

namespace earthcatalog::python {
namespace {

constexpr std::size_t kMostAtOnce = 256;

using Names = std::vector<std::string>;
using Footprints = std::span<const std::string>;

// Calls a partitioner with the GIL held. Owned by the core, whose last copy may go on any thread.
class Asked {
 public:
  explicit Asked(nb::object partitioner)
      : partitioner_(std::move(partitioner)),
        many_(nb::cast<bool>(nb::module_::import_("earthcatalog.partitioner").attr("takes_many")(partitioner_))) {}
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;
  ~Asked() {
    if (finalized()) {
      partitioner_.release();
      return;
    }
    const nb::gil_scoped_acquire acquire;
    partitioner_.reset();
  }

  bool many() const { return many_; }

  std::vector<Names> names_of(Footprints footprints) const {
    std::vector<Names> all;
    if (!many_) {
      const auto& method = partitioner_.attr("get_intersecting_keys");
      for (const auto& wkb : footprints) all.push_back(names_in(method(nb::bytes(wkb.data(), wkb.size()))));
      return all;
    }
    nb::list geoms;
    for (const auto& wkb : footprints) geoms.append(nb::bytes(wkb.data(), wkb.size()));
    const nb::object answer = partitioner_.attr("get_intersecting_keys_many")(geoms);
    if (!nb::isinstance<nb::sequence>(answer) || nb::isinstance<nb::str>(answer))
      refuse(answer, "list of lists of str");
    for (const auto keys : answer) all.push_back(names_in(nb::borrow(keys)));
    return all;
  }

 private:
  Names names_in(const nb::object& keys) const {
    Names names;
    if (nb::isinstance<nb::str>(keys) || !nb::try_cast(keys, names)) refuse(keys, "list of str");
    return names;
  }

  [[noreturn]] void refuse(const nb::object& answer, const char* wanted) const {
    PyErr_Format(PyExc_TypeError, "partitioner: %s returned %R, which is no %s", Py_TYPE(partitioner_.ptr())->tp_name,
                 answer.ptr(), wanted);
    throw nb::python_error();
  }

  nb::object partitioner_;
  bool many_;
};

Result<std::vector<Names>> ask(const Asked& asked, Footprints footprints, Job& job) {
  const auto given_up = [] { return fail(ErrorKind::kCancelled, "the call was given up"); };
  if (job.abandoned()) return given_up();
  const nb::gil_scoped_acquire acquire;
  if (job.abandoned()) return given_up();
  try {
    return asked.names_of(footprints);
  } catch (nb::python_error& error) {
    auto refused = fail(ErrorKind::kInvalidArgument, "the partitioner failed: {}", error.what());
    job.meet_in_work(std::move(error));
    return refused;
  }
}

}  // namespace

std::shared_ptr<const cli::CallersGrid> python_grid(const nb::object& partitioner, Job& job) {
  const auto members = nb::module_::import_("earthcatalog.partitioner").attr("python_members")(partitioner);
  const int resolution = nb::cast<int>(members["resolution"]);
  const auto asked = std::make_shared<const Asked>(partitioner);
  auto names_of = [asked, &job](Footprints footprints) { return ask(*asked, footprints, job); };
  return std::make_shared<const cli::CallersGrid>(cli::CallersGrid{
      .partitioner = grid::make_named_partitioner(std::move(names_of), asked->many() ? kMostAtOnce : 1),
      .name = nb::cast<std::string>(members["python"]),
      .resolution = resolution == grid::kNoResolution ? std::nullopt : std::optional(resolution)});
}

}  // namespace earthcatalog::python
