// The owners among the holders of items.
#pragma once

#include <span>
#include <vector>

#include "earthcatalog/index/object_index.h"

namespace earthcatalog::testing {

/// Returns the entries of find_holders() that own rows.
inline Result<std::vector<index::ObjectEntry>> owners_of(const index::ObjectIndex& index,
                                                         std::span<const Hash128> identities) {
  EC_ASSIGN_OR_RETURN(auto holders, index.find_holders(identities));
  std::erase_if(holders, [](const index::ObjectEntry& entry) { return !entry.owns_rows(); });
  return holders;
}

}  // namespace earthcatalog::testing
