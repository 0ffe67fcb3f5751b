#include "earthcatalog/stac/read/name_table.h"

namespace earthcatalog::stac {

NameSlot& NameTable::look_up(std::string_view name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) return *found->second;
  constexpr std::size_t kMapEntryBytes = 64;  // a node of the map and its share of the buckets
  NameSlot& slot = slots_.emplace_back();
  slot.name = name;
  slot.index = static_cast<std::uint32_t>(slots_.size() - 1);
  by_name_.emplace(slot.name, &slot);
  bytes_ += sizeof(NameSlot) + kMapEntryBytes + (name.size() > 15 ? name.size() + 16 : 0);
  return slot;
}

}  // namespace earthcatalog::stac
