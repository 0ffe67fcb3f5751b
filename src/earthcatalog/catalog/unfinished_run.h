// The backfill that has files in a warehouse without a commit: named by one object of a known name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::catalog {

/// `<warehouse>/_runs/_backfill.json`.
std::string unfinished_run_uri(const std::string& warehouse);

/// Its run id; nothing when there is no such backfill. Its files are in run_folder() and parts_folder().
Result<std::optional<std::string>> read_unfinished_run(storage::Stores& stores, const std::string& warehouse);

/// Says that `run_id` has files there from now on, so that `expire` leaves them. kConflict when another backfill is not
/// finished.
Status claim_unfinished_run(storage::Stores& stores, const std::string& warehouse, const std::string& run_id);
/// Says that it has none any more. What another run claimed stays.
Status release_unfinished_run(storage::Stores& stores, const std::string& warehouse, const std::string& run_id);

/// `<warehouse>/_runs/<run id>` and `<warehouse>/_parts/<run id>`.
std::string run_folder(const std::string& warehouse, const std::string& run_id);
std::string parts_folder(const std::string& warehouse, const std::string& run_id);

/// The warehouse and the run that such a folder is of; nothing when it is none.
struct RunPlace {
  std::string warehouse, run_id;
};
std::optional<RunPlace> place_of_run(std::string_view folder);

}  // namespace earthcatalog::catalog
