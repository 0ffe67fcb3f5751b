// A whole archive, in four phases that may be stopped anywhere and started again (docs/backfill.md).
#pragma once

#include <cstdint>
#include <string>

#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/pipeline/incremental.h"
#include "earthcatalog/pipeline/report.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::backfill {

struct BackfillSpec {
  RunSettings settings;  ///< the grid's members are filled in from the catalog
  catalog::CatalogOptions catalog;
  std::string staging;
  std::string problems;  ///< URI of the problems file: all chunks' lines, kept when the staging prefix is cleaned
  fetch::FetchOptions fetch;
  int workers = 1;
  std::int64_t memory_limit_bytes = 768 << 20;
  std::int64_t compact_rows = 100'000;
  std::size_t max_columns = 400;
  bool skip_inventory = false;  ///< use the chunks that are there
  bool skip_ingest = false;     ///< use the staged rows that are there
  bool retry_pending = false;   ///< fetch again what gave up
  bool replace = false;         ///< the table's present rows go in the same commit
  bool restart = false;         ///< throw away what is staged
  bool keep_staging = false;    ///< leave it after the commit
};

/// `report` says what was done, also after an error. kInvalidArgument when the table has rows and `replace` is not
/// given, or when the staging prefix belongs to another backfill.
Status run_backfill(storage::Stores& stores, const BackfillSpec& spec, const pipeline::Hooks& hooks,
                    pipeline::Report& report);

}  // namespace earthcatalog::backfill
