// The data files that a search has to read, by what the manifests say of them.
#pragma once

#include <cstdint>
#include <vector>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"
#include "earthcatalog/search/query.h"

namespace earthcatalog::search {

struct Plan {
  std::vector<iceberg::DataFile> files;  ///< without column statistics; the order is the same for a snapshot
  std::int64_t rows = 0, bytes = 0;      ///< of these files
  std::int64_t cells = 0, years = 0;     ///< that the query looks into; 0: all
  std::int64_t manifests_read = 0, manifests_pruned = 0;
  std::int64_t files_listed = 0;  ///< in those cells and years
};

/// Leaves out files of other cells and years, and those whose bounds rule every row out; `among`: of the files that
/// pass it. Reads manifests, no data file.
Result<Plan> make_plan(const BoundQuery& query, const iceberg::FileFilter& among = {});

}  // namespace earthcatalog::search
