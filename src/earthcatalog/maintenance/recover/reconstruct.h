// A table from its data files alone (docs/commands/register.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/metadata_search.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::maintenance {

struct ReconstructSpec {
  std::string warehouse;  ///< full URI
  std::string run_id;
  catalog::GridRequest grid;  ///< what is not given is taken from the cells
  std::string table_uuid;     ///< of lost metadata, if it is known; empty: a new one
  std::string follows;        ///< the metadata file that the new ones' numbers follow on, or empty
  bool rewrite = false;       ///< files of which some rows are doubles are written anew without them
  bool dry_run = false;
  std::size_t workers = 1;
  Clock clock = system_now;
};

/// files_found = files_taken + files_rewritten + files_left_out + unreadable.
struct Reconstruction {
  std::string metadata;  ///< of the new table; no catalog names it yet. Empty after a dry run
  std::int64_t snapshot_id = 0;
  std::int64_t files_found = 0, files_taken = 0, files_left_out = 0, files_rewritten = 0;
  std::int64_t rows = 0, bytes = 0;  ///< of the table
  std::int64_t rows_left_out = 0;
  std::vector<catalog::PassedOver> unreadable;  ///< data files
  std::vector<std::string> left_out;            ///< URIs
  std::vector<std::string> partly;              ///< URIs of files of which some rows are doubles
};

/// Makes a table with one snapshot of the files under grid_partition=*/year=*/, whose summary says
/// earthcatalog.reconstructed = true. `result` is filled also when it fails. kNotFound: there are none. kInvalidData:
/// files of different tables; files in a folder that their rows do not belong in; without `rewrite`, files of which
/// only some rows are doubles (result.partly). kUnsupported: columns that are not ours nor the peer's.
/// kInvalidArgument: a grid that the cells are not of.
Status reconstruct(storage::Stores& stores, const ReconstructSpec& spec, Reconstruction& result);

}  // namespace earthcatalog::maintenance
