// The answers that an expression may have among rows of which only the bounds are known. Internal to the module.
#pragma once

#include "earthcatalog/cql2/bind_internal.h"
#include "earthcatalog/cql2/predicate.h"

namespace earthcatalog::cql2 {

/// Each answer that some row may give; what is not known may be.
struct Possible {
  bool yes = true, no = true;
};

Possible possible(const Node& node, const Statistics& rows);

}  // namespace earthcatalog::cql2
