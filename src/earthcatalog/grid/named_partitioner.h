// A grid whose cells nobody knows before a footprint touches them: somebody else names them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/result.h"

namespace earthcatalog::grid {

/// Names the cells that each footprint (ISO WKB) touches, in any order and number; none: it has no place. Called from
/// several threads at a time. Its errors are those of Coverer::cover(), and said of all of these footprints.
using NamesOf = std::function<Result<std::vector<std::vector<std::string>>>(std::span<const std::string> footprints)>;

/// A cell's handle is the number of its name, in the order in which names are met: find() knows those alone.
/// `names_of` gets at most `most_at_once` footprints. kInvalidArgument of cover(): a name that check_cell_name()
/// refuses, or answers for more or fewer footprints than were asked for.
std::shared_ptr<const Partitioner> make_named_partitioner(NamesOf names_of, std::size_t most_at_once = 1);

}  // namespace earthcatalog::grid
