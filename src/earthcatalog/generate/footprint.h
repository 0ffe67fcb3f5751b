// Footprints, plain and odd. Internal to the module.
#pragma once

#include "earthcatalog/generate/item.h"
#include "earthcatalog/generate/random.h"

namespace earthcatalog::generate {

/// Half the side of a scene, at most, in degrees of longitude at that latitude: how far an ordinary footprint must
/// stay away from the antimeridian.
double reach_degrees(double lat);

/// A square of about 100 km round `center`, slightly turned: 17 vertices, the last the first, four decimals.
Geometry make_footprint(Random& random, Position center);

/// What `oddity` makes of the footprint of an item; kNone and kNullDatetime leave it alone.
Geometry make_odd_footprint(Random& random, Position center, Oddity oddity);

}  // namespace earthcatalog::generate
