// What an error of the system means.
#pragma once

#include <optional>

#include "earthcatalog/result.h"

namespace earthcatalog::storage {

/// Nothing for a code that says no more than that something failed.
std::optional<ErrorKind> kind_of_errno(int code);

}  // namespace earthcatalog::storage
