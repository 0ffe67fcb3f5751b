// Inventories of new and changed objects that wait to be ingested: `<warehouse>/delta/pending/<run id>.parquet`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::incremental {

/// A URI for that of a run, that no object has: a run id may be used again.
Result<std::string> new_pending_delta(storage::Stores& stores, std::string_view warehouse, std::string_view run_id);

/// The URIs of all that wait, ascending.
Result<std::vector<std::string>> list_pending_deltas(storage::Stores& stores, std::string_view warehouse);

/// Removes some of them; those that do not exist any more are no error.
Status remove_pending_deltas(storage::Stores& stores, const std::vector<std::string>& uris);

}  // namespace earthcatalog::incremental
