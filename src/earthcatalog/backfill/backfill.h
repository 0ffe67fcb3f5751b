// A whole archive, in four phases that may be stopped anywhere and started again (docs/commands/backfill.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/base/defaults.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/incremental/incremental.h"
#include "earthcatalog/ingest/report.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::backfill {

struct BackfillSpec {
  RunSettings settings;  ///< the grid's members are filled in from the catalog
  catalog::CatalogOptions catalog;
  std::string staging;   ///< folder or prefix; empty: the direct shape, in the warehouse
  std::string problems;  ///< URI of the problems file: all chunks' lines, kept when the staging prefix is cleaned
  fetch::FetchOptions fetch;
  int workers = 1;
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;
  std::int64_t compact_rows = kMostFileRows;
  std::size_t max_columns = kDefaultMaxColumns;
  ingest::MissingRule missing;  ///< when missing objects fail it: nothing is committed then
  bool skip_inventory = false;  ///< use the chunks that are there
  bool skip_ingest = false;     ///< use the staged rows that are there
  bool retry_pending = false;   ///< fetch again what gave up; after the commit that is a delta
  bool delta = false;           ///< an upsert into the table's rows
  bool replace = false;         ///< the table's present rows go in the same commit
  bool restart = false;         ///< throw away what is staged
  bool keep_staging = false;    ///< leave it after the commit
  bool hash_index = false;      ///< bring the hash index up to date after the commit
  std::string hash_index_uri;   ///< empty: the table's property
  /// Finds the cells in place of the grid that `catalog` names.
  std::shared_ptr<const grid::Partitioner> partitioner = {};
};

/// `report` says what was done, also after an error. kAlreadyExists when the table has rows and neither `delta` nor
/// `replace` is given; kInvalidArgument when the staging prefix belongs to another backfill, or in the staged shape for
/// a new table without a resolution; the direct shape takes 1 then, and warns.
Status run_backfill(storage::Stores& stores, const BackfillSpec& spec, const Hooks& hooks, ingest::Report& report);

}  // namespace earthcatalog::backfill
