// A grid whose cells nobody knows before a footprint touches them: somebody else names them one footprint at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/result.h"

namespace earthcatalog::grid {

/// Names the cells that a footprint (ISO WKB) touches, in any order and number; none: it has no place. Called from
/// several threads at a time. Its errors are those of Coverer::cover().
using NamesOf = std::function<Result<std::vector<std::string>>(std::string_view wkb)>;

/// A cell's handle is the number of its name, in the order in which names are met: find() knows those alone.
/// kInvalidArgument of cover(): a name that check_cell_name() refuses.
std::shared_ptr<const Partitioner> make_named_partitioner(NamesOf names_of);

}  // namespace earthcatalog::grid
