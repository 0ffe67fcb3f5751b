// Several sorted sequences of entries as one: of each object the newest entry.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "earthcatalog/index/index_run_file.h"
#include "earthcatalog/result.h"

namespace earthcatalog::index {

/// Entries by ascending object hash, piece by piece.
class EntrySource {
 public:
  virtual ~EntrySource() = default;
  /// The next piece; empty at the end.
  virtual Result<std::vector<RunEntry>> next() = 0;
};

std::unique_ptr<EntrySource> source_of(const RunReader& reader);

/// Calls `visit` for the newest entry of each object, forgotten ones included. `sources` stand oldest first. Memory is
/// one piece of each.
Status merge_entries(std::vector<std::unique_ptr<EntrySource>> sources, const std::function<Status(RunEntry&&)>& visit);

/// Returns how many of the youngest runs to merge when there are too many; `entries` oldest first: the smallest group
/// that does not outgrow the run before it, so that an entry is rewritten only a few times while the index grows.
std::size_t runs_to_merge(std::span<const std::int64_t> entries);

}  // namespace earthcatalog::index
