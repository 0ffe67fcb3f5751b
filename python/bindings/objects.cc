#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string_view>

#include "work.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace earthcatalog::python {
namespace {

std::string_view view_of(const nb::bytes& bytes) { return {bytes.c_str(), bytes.size()}; }

nb::object read_object(const std::string& uri, const std::string& storage) {
  const auto object =
      finished_at(uri, storage, [](const storage::Location& where) { return where.store->get(where.key); });
  if (!object) return nb::none();
  return nb::make_tuple(nb::bytes(object->bytes.data(), object->bytes.size()), object->info.etag);
}

Result<storage::PutResult> put(const storage::Location& where, std::string_view bytes,
                               const std::optional<std::string>& if_match, bool if_none_match) {
  if (if_match) return where.store->put_if_match(where.key, bytes, *if_match);
  if (if_none_match) return where.store->put_if_absent(where.key, bytes);
  return where.store->put(where.key, bytes);
}

std::string put_object(const std::string& uri, const nb::bytes& bytes, const std::string& storage,
                       const std::optional<std::string>& if_match, bool if_none_match) {
  const auto view = view_of(bytes);  // the caller holds it
  return finished_at(uri, storage, [&](const storage::Location& where) -> Result<std::string> {
    EC_ASSIGN_OR_RETURN(const auto done, put(where, view, if_match, if_none_match));
    if (done.stored) return done.etag;
    return fail(ErrorKind::kConflict, "{} was written by somebody else meanwhile", where.uri());
  });
}

bool remove_object(const std::string& uri, const std::string& storage) {
  return finished_at(uri, storage, [](const storage::Location& where) -> Result<bool> {
    EC_ASSIGN_OR_RETURN(const auto there, where.store->head(where.key));
    EC_TRY(where.store->remove(std::vector<std::string>{where.key}));
    return there.has_value();
  });
}

}  // namespace

void add_objects(nb::module_& module) {
  module.def("read_object", &read_object, "uri"_a, "storage"_a = "{}",
             nb::sig("def read_object(uri: str, storage: str = '{}') -> tuple[bytes, str] | None"),
             "The bytes and the etag; None when there is no such object.");
  module.def("put_object", &put_object, "uri"_a, "data"_a, "storage"_a = "{}", nb::kw_only(), "if_match"_a = nb::none(),
             "if_none_match"_a = false, "Returns the etag. ConflictError when the condition is not met.");
  module.def("remove_object", &remove_object, "uri"_a, "storage"_a = "{}", "False when there was none.");
}

}  // namespace earthcatalog::python
