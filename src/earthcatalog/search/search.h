// Finds the items of a table that meet a query, each once, without a server.
//
//     EC_ASSIGN_OR_RETURN(const BoundQuery query, bind(table, {.time = span}));
//     EC_ASSIGN_OR_RETURN(const Found found, find(query, {.max_items = 100}, sink));   // a format: see sink.h
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/process.h"
#include "earthcatalog/result.h"
#include "earthcatalog/search/order/sort_key.h"
#include "earthcatalog/search/plan.h"
#include "earthcatalog/search/query.h"
#include "earthcatalog/search/sink.h"

namespace earthcatalog::search {

struct FindOptions {
  Order order;                            ///< empty: the order of the files and of their rows
  std::string after;                      ///< Found::last of the page before; empty: from the beginning
  std::optional<std::int64_t> max_items;  ///< none: all
  int workers = 1;                        ///< threads that read and compute
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;
  std::string scratch_folder = "/var/tmp";  ///< for what does not fit
};

struct Found {
  std::int64_t items = 0;
  std::string last;  ///< where the last of them stands, for FindOptions::after
  Plan plan;         ///< without its files
  std::int64_t files_planned = 0, files_read = 0;
  std::int64_t rows_read = 0;  ///< of the row groups whose filter columns were read
  bool whole = true;           ///< false: `max_items` or the sink ended it
};

/// Hands the items to `sink`, in an order that is the same for a snapshot. Sorted ones are held up to a share of the
/// memory limit, or as many as `max_items`; the rest waits in the scratch folder. kInvalidArgument: see
/// order_columns(); `after` is no place in this answer. kNotFound and kInvalidData name a data file that is gone or
/// broken: there is no partial answer without an error.
Result<Found> find(const BoundQuery& query, const FindOptions& options, Sink& sink);

}  // namespace earthcatalog::search
