// Random footprints of many kinds.
#pragma once

#include <random>

#include "grid/oracle.h"

namespace earthcatalog::grid::testing {

/// A simple polygon, now and then with a hole, of 0.02 to 12 cell edges' radius, often near a pole, the antimeridian, a
/// pentagon or an edge of the icosahedron.
Shape random_polygon(int resolution, std::mt19937_64& random);

/// A ring round a pole, with its inside.
Shape random_polar_ring(std::mt19937_64& random);

/// The ring as a producer might write it: from another first vertex, turned round, wrapped at the antimeridian or with
/// longitudes past 180.
Points respell(const Points& closed_ring, std::mt19937_64& random);

}  // namespace earthcatalog::grid::testing
