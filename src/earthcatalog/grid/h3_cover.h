// The exact cover of a footprint by H3 cells (docs/format/grid.md has the reasoning).
#pragma once

#include <cstddef>
#include <memory>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid {

/// More cells than this for one footprint are refused with kUnsupported: all cells of resolution 3 are allowed, all of
/// resolution 4 are not.
inline constexpr std::size_t kMaxCoverCells = 100'000;
/// So is an outline that enters cells more often than this: it bounds the time for one footprint to about a second.
inline constexpr std::size_t kMaxCoverVisits = 1'000'000;

std::unique_ptr<Coverer> make_h3_coverer(int resolution);

}  // namespace earthcatalog::grid
