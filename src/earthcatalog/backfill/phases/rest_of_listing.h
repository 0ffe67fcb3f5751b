// What of a listing is in no chunk yet. A listing is another one each time: objects have gone since, others have come,
// and not every server lists in the order of names.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/extsort/hash_sorter.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

class RestOfListing {
 public:
  /// Reads the chunks of `record`; with `count_more` also those that a killed run has written behind them, which are
  /// counted in `record` then. Memory: 256 MiB at most, beyond that an unlinked file.
  static Result<RestOfListing> make(const Staging& staging, RunRecord& record, bool count_more);

  /// The next objects of `listing` that are in no chunk, at most `most`; none at its end.
  Status next(inventory::Inventory& listing, std::vector<storage::ObjectRef>& objects, std::size_t most) const;

 private:
  using Names = extsort::HashTable<extsort::HashKey>;
  explicit RestOfListing(Names in_chunks) : in_chunks_(std::move(in_chunks)) {}

  Names in_chunks_;
};

}  // namespace earthcatalog::backfill
