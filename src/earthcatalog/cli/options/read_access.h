// The first step of a command that only reads a table: find it, begin the report, open it.
#pragma once

#include <memory>

#include "earthcatalog/cli/options/table_options.h"
#include "earthcatalog/cli/output/run_report.h"
#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

/// Where the table of these flags is.
read::TablePlace place_of(const TableAccess& access);

/// A table, and the stores that it is read from.
struct ReadAccess {
  std::unique_ptr<storage::Stores> stores;
  read::TableReader table;
};

/// Opens the table that `flags` name, after `report` has begun. Errors as resolve() and TableReader::open().
Result<ReadAccess> open_to_read(const TableFlags& flags, RunReport& report);

}  // namespace earthcatalog::cli
