// Finds the items of a table that meet a query, each once, without a server.
//
//     EC_ASSIGN_OR_RETURN(const BoundQuery query, bind(table, {.time = span}));
//     EC_ASSIGN_OR_RETURN(const Found found, find(query, {.answer = Answer::kItem}, [](std::string_view json) {
//                           return use(json);   // false: that was enough
//                         }));
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/process.h"
#include "earthcatalog/result.h"
#include "earthcatalog/search/plan.h"
#include "earthcatalog/search/query.h"

namespace earthcatalog::search {

/// What is told of an item.
enum class Answer : std::uint8_t { kItem, kId, kNothing };  ///< its JSON, minified; its id; nothing: it is counted

struct FindOptions {
  Answer answer = Answer::kItem;
  std::optional<std::int64_t> max_items;  ///< none: all
  int workers = 1;                        ///< threads that read and compute
  std::int64_t memory_limit_bytes = kDefaultMemoryBytes;
  std::string scratch_folder = "/var/tmp";  ///< for what does not fit, where other engines wrote rows
};

struct Found {
  std::int64_t items = 0;
  Plan plan;  ///< without its files
  std::int64_t files_planned = 0, files_read = 0;
  std::int64_t rows_read = 0;  ///< of the row groups whose filter columns were read
  bool whole = true;           ///< false: `max_items` or the visitor ended it
};

/// Calls `visit` with each item, in an order that is the same for a snapshot; false ends the search. `visit` is called
/// on the thread of the call. kNotFound and kInvalidData name a data file that is gone or broken: there is no partial
/// answer without an error.
Result<Found> find(const BoundQuery& query, const FindOptions& options,
                   const std::function<Result<bool>(std::string_view answer)>& visit);

}  // namespace earthcatalog::search
