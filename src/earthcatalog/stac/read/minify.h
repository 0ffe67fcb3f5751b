// JSON without white space.
#pragma once

#include <string_view>

#include "earthcatalog/stac/grow_buffer.h"

namespace earthcatalog::stac {

/// Appends `json`, which is valid, without the white space between its tokens.
void append_minified(std::string_view json, GrowBuffer& out);

}  // namespace earthcatalog::stac
