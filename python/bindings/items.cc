#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "earthcatalog/ingest/write_items.h"
#include "work.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace earthcatalog::python {
namespace {

std::string write_items(const nb::bytes& ndjson, const std::string& uri, const std::string& cell,
                        const std::string& storage) {
  const std::string_view lines(ndjson.c_str(), ndjson.size());
  const auto file = finished_at(
      uri, storage, [&](const storage::Location& where) { return ingest::write_items(where, lines, cell); });
  return nlohmann::json{{"rows", file.record_count}, {"bytes", file.file_size_in_bytes}}.dump();
}

}  // namespace

void add_items(nb::module_& module) {
  module.def("write_items", &write_items, "ndjson"_a, "uri"_a, "cell"_a, "storage"_a = "{}",
             "Writes items, one a line, as rows of a cell into a new GeoParquet file. JSON: rows, bytes.");
}

}  // namespace earthcatalog::python
