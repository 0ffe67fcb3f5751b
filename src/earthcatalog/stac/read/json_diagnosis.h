// Finds where and why bytes are not JSON. Slow, run only on what has been refused.
#pragma once

#include <optional>
#include <string_view>

#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::stac {

/// The first fault of `json` that shows without a grammar: invalid UTF-8, a control character in a string, a string or
/// an object that does not end, text behind the end of the first object. Nothing when there is no such fault.
std::optional<Rejection> diagnose(std::string_view json);

}  // namespace earthcatalog::stac
