// The file that --report names.
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

/// Tries to write there, and leaves nothing: an error says why a report could not be written. `place` is a path, of
/// which the folder must exist, or a URI.
Status check_report_place(storage::Stores& stores, const std::string& place);

/// Puts `json` in place of what is there, whole or not at all. A device or pipe gets it as it comes.
Status write_report(storage::Stores& stores, const std::string& place, std::string_view json);

}  // namespace earthcatalog::cli
