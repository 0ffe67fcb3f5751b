// Between this project's errors and Arrow's, there and back without losing the kind. Internal to .cc files that use
// Arrow anyway.
#pragma once

#include <arrow/status.h>

#include "earthcatalog/result.h"

namespace earthcatalog::storage {

arrow::Status to_arrow(const Error& error);
inline arrow::Status to_arrow(const Status& status) { return status ? arrow::Status::OK() : to_arrow(status.error()); }

/// The error that `to_arrow` was given, if it was; else one whose kind is guessed from Arrow's code.
Error from_arrow(const arrow::Status& status);

}  // namespace earthcatalog::storage
