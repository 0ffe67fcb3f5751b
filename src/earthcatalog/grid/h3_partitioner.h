// The H3 grid of one resolution. A cell's handle is its H3 index, its name the index in hexadecimal.
#pragma once

#include <memory>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid {

/// kInvalidArgument for a resolution outside 0-15.
Result<std::shared_ptr<const Partitioner>> make_h3_partitioner(int resolution);

}  // namespace earthcatalog::grid
