// Facts about an item's rows, in a form that can be sorted by the billion: of rows that are there, and of
// rows that the object index says are there.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/extsort/hash_sorter.h"
#include "earthcatalog/extsort/hash_table.h"
#include "earthcatalog/index/version_order.h"
#include "earthcatalog/maintenance/audit/audit_findings.h"

namespace earthcatalog::maintenance {

inline constexpr std::int32_t kNoYear = INT32_MAX;
using index::kNeverUpdated;

/// A cell and a year, as a number: an item has few of them, so that they do not collide.
inline std::uint64_t place_of(std::string_view cell, std::int32_t year) {
  return extsort::prefix_of(hash128(cell, static_cast<std::uint32_t>(year)));
}

struct RowFact {
  enum class What : std::uint8_t {
    kOwner,       ///< the index: an object owns a row there
    kSuperseded,  ///< the index: an object that holds the item owns no rows
    kRow,         ///< a row that says that it is not the primary one
    kPrimaryRow,
    kUnsaidRow,  ///< a row that does not say
  };

  Hash128 key;              ///< of the item
  std::uint64_t place = 0;  ///< place_of()
  What what = What::kRow;
  std::int32_t year = kNoYear;
  TimeMicros updated = kNeverUpdated;
  std::uint32_t source = 0;  ///< the number of the row's file; of an owner, the first bits of its object's hash
  std::uint32_t row = 0;     ///< number in its file
  std::uint32_t cover = 0;   ///< of a primary row: how many cells the item's footprint touches; 0: not known

  bool is_row() const { return what >= What::kRow; }
  auto operator<=>(const RowFact&) const = default;
};

using RowFacts = extsort::HashSorter<RowFact>;

/// A row with a fault; who it is can be read in its file.
struct RowFault {
  Hash128 key;  ///< of the item
  std::uint32_t file = 0, row = 0;
  Finding finding = Finding::kUnknownRows;
  bool nameless = false;  ///< no object owns rows of the item
};

/// An entry of the object index with a fault.
struct EntryFault {
  Hash128 key;              ///< of the item
  std::uint64_t place = 0;  ///< of the row that is not there
  Finding finding = Finding::kLostRows;
};

using RowFaults = extsort::HashTable<RowFault>;
using EntryFaults = extsort::HashTable<EntryFault>;

}  // namespace earthcatalog::maintenance
