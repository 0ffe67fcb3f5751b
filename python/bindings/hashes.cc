#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/index/hash_index_file.h"
#include "work.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace earthcatalog::python {
namespace {

static_assert(sizeof(Hash128) == 16, "hashes cross the border one after the other");

nb::bytes bytes_of(const std::vector<Hash128>& hashes) {
  return nb::bytes(reinterpret_cast<const char*>(hashes.data()), hashes.size() * sizeof(Hash128));
}

nb::bytes id_hashes(const std::vector<std::string>& ids) {
  std::vector<Hash128> hashes;
  hashes.reserve(ids.size());
  for (const auto& id : ids) hashes.push_back(id_hash(id));
  return bytes_of(hashes);
}

Result<std::vector<Hash128>> read(const storage::Location& where) {
  EC_ASSIGN_OR_RETURN(const auto reader, index::HashIndexReader::open(where));
  std::vector<Hash128> hashes;
  hashes.reserve(static_cast<std::size_t>(reader->rows()));
  while (true) {
    EC_ASSIGN_OR_RETURN(const auto part, reader->next());
    if (part.empty()) return hashes;
    hashes.insert(hashes.end(), part.begin(), part.end());
  }
}

nb::object read_hashes(const std::string& uri, const std::string& storage) {
  std::vector<Hash128> hashes;
  bool missing = false;
  finished_at(uri, storage, [&](const storage::Location& where) -> Status {
    auto found = read(where);
    missing = !found && found.error().kind == ErrorKind::kNotFound;
    if (missing) return {};
    EC_ASSIGN_OR_RETURN(hashes, std::move(found));
    return {};
  });
  return missing ? nb::none() : nb::object(bytes_of(hashes));
}

Result<std::int64_t> write(const storage::Location& where, std::vector<Hash128>& hashes) {
  std::ranges::sort(hashes);
  const auto doubles = std::ranges::unique(hashes);
  hashes.erase(doubles.begin(), doubles.end());
  EC_ASSIGN_OR_RETURN(const auto before, where.store->head(where.key));
  storage::ReplacingOptions replace;
  if (before) replace.etag_before = before->etag;
  EC_ASSIGN_OR_RETURN(const auto writer, index::HashIndexWriter::create(where, replace, std::nullopt));
  for (const auto& hash : hashes) EC_TRY(writer->append(hash));
  EC_TRY(writer->finish());
  return std::ssize(hashes);
}

std::int64_t write_hashes(const nb::bytes& bytes, const std::string& uri, const std::string& storage) {
  if (bytes.size() % sizeof(Hash128) != 0) throw nb::value_error("hashes are 16 bytes each");
  std::vector<Hash128> hashes(bytes.size() / sizeof(Hash128));
  std::memcpy(hashes.data(), bytes.c_str(), bytes.size());
  return finished_at(uri, storage, [&](const storage::Location& where) { return write(where, hashes); });
}

}  // namespace

void add_hashes(nb::module_& module) {
  module.def("id_hashes", &id_hashes, "ids"_a, "The hashes of ids, 16 bytes each, one after the other.");
  module.def("read_hashes", &read_hashes, "uri"_a, "storage"_a = "{}",
             nb::sig("def read_hashes(uri: str, storage: str = '{}') -> bytes | None"),
             "The hashes of a hash index, 16 bytes each, ascending; None when there is no such file.");
  module.def("write_hashes", &write_hashes, "hashes"_a, "uri"_a, "storage"_a = "{}",
             "Makes a hash index of them, in any order, doubles too. Returns how many there are.");
}

}  // namespace earthcatalog::python
