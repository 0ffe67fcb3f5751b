// How values compare. Internal to the module.
#pragma once

#include <optional>

#include "earthcatalog/cql2/bind_internal.h"
#include "earthcatalog/cql2/value.h"

namespace earthcatalog::cql2 {

/// Returns the answer of one of the six comparisons; nothing for a null, and for values of two types.
std::optional<bool> compared(Node::Op op, const Value& a, const Value& b);

/// Times, or a text that is a time.
std::optional<Times> as_times(const Value& value);

}  // namespace earthcatalog::cql2
