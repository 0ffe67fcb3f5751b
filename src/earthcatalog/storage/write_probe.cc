#include "earthcatalog/storage/write_probe.h"

#include <random>
#include <vector>

namespace earthcatalog::storage {

Status probe_writable(Stores& stores, const std::string& folder) {
  std::random_device random;  // several processes may probe at once
  EC_ASSIGN_OR_RETURN(const auto where,
                      stores.locate(join_uri(folder, fmt::format("_probe-{:08x}{:08x}", random(), random()))));
  EC_TRY(where.store->put(where.key, ""));
  // A user who may write and not remove has a warehouse all the same; an empty object stays.
  const auto removed = where.store->remove(std::vector<std::string>{where.key});
  if (removed || removed.error().kind == ErrorKind::kPermissionDenied) return {};
  return removed;
}

}  // namespace earthcatalog::storage
