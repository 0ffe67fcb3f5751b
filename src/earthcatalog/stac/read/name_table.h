// Names of members or properties, and what to do with the values under them. Items of an archive name the same things
// in the same order, so a name is first compared with the one that followed its predecessor last time.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "earthcatalog/stac/schema.h"

namespace earthcatalog::stac {

/// The role of a top-level member of an Item.
enum class MemberRole : std::uint8_t { kForeign, kType, kId, kGeometry, kProperties, kText, kJson };

struct NameSlot {
  std::string name;
  bool fresh = true;  ///< nobody has filled in the rest yet
  MemberRole role = MemberRole::kForeign;
  std::uint32_t index = 0;       ///< in its table
  int column = -1;               ///< of the batch that takes the values; none: see `observed`
  bool observed = false;         ///< no column yet, but may get one: scalars are kept aside
  bool is_time = false;          ///< its column is one of timestamps, or would be
  std::uint64_t seen_in = 0;     ///< serial number of the last item that had it
  PropertyKinds kinds;           ///< met in accepted items
  NameSlot* follower = nullptr;  ///< the name that came next last time
};

class NameTable {
 public:
  NameTable() = default;
  NameTable(const NameTable&) = delete;

  /// The slot of `name`, after `previous` (null: the first of its object); a new one has only its name and index.
  NameSlot& find(std::string_view name, NameSlot* previous) {
    NameSlot*& guess = previous == nullptr ? first_ : previous->follower;
    if (guess == nullptr || guess->name != name) guess = &look_up(name);
    return *guess;
  }
  NameSlot& at(std::size_t index) { return slots_[index]; }
  std::size_t size() const { return slots_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  NameSlot& look_up(std::string_view name);

  std::deque<NameSlot> slots_;
  std::unordered_map<std::string_view, NameSlot*> by_name_;
  NameSlot* first_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace earthcatalog::stac
