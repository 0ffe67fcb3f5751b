#include "earthcatalog/storage/conditional_probe.h"

#include <random>

namespace earthcatalog::storage {

Result<bool> probe_conditional_put(ObjectStore& store, std::string_view key) {
  if (!store.capabilities().conditional_put) return false;
  std::random_device random;  // two runs may probe at once
  const std::string own = fmt::format("{}.probe-{:08x}{:08x}", key, random(), random());
  const auto first = store.put_if_absent(own, "first");
  if (!first && first.error().kind == ErrorKind::kUnsupported) return false;
  if (!first) return std::unexpected(first.error());
  const auto second = store.put_if_absent(own, "second");
  EC_TRY(store.remove(std::vector<std::string>{own}));
  if (!second && second.error().kind == ErrorKind::kUnsupported) return false;
  if (!second) return std::unexpected(second.error());
  return first->stored && !second->stored;
}

}  // namespace earthcatalog::storage
