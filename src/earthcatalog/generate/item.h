// One made-up item: its facts, its key and its JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/time.h"

namespace earthcatalog::generate {

struct ItemOptions {
  std::uint64_t seed = 42;
  bool links = true;  ///< four links an item; without them items are some 3.7 KB instead of 4.8 KB
  /// All items at 8 places and in 20 years: at most 160 groups of (cell, year) at H3 resolutions 0 to 2, where the
  /// usual spread makes some 2,200 of 20,000 items.
  bool concentrate = false;
  std::int64_t odd_every = 0;  ///< every n-th item is odd, one Oddity after the other; 0: none
};

/// What real archives hold besides plain polygons.
enum class Oddity : std::uint8_t {
  kNone,
  kAntimeridianSplit,    ///< a MultiPolygon, cut at 180 degrees
  kAntimeridianBeyond,   ///< longitudes past 180
  kAntimeridianWrapped,  ///< one ring that jumps from 180 to -180
  kPole,                 ///< a ring round the south pole
  kNullGeometry,
  kNullDatetime,  ///< datetime null, with start and end
  kThreeD,        ///< heights in the coordinates
  kPoint,
};
inline constexpr int kOddities = 8;

struct Position {
  double lon = 0, lat = 0;  ///< degrees
  bool operator==(const Position&) const = default;
};

struct Geometry {
  enum class Type : std::uint8_t { kNone, kPoint, kPolygon, kMultiPolygon } type = Type::kPolygon;
  std::vector<std::vector<Position>> rings;  ///< closed, counterclockwise: one a polygon; a point is one position
  std::optional<double> height;              ///< the third coordinate of every position, metres
  std::vector<double> bbox;  ///< as RFC 7946 has it: west > east over the antimeridian, 6 numbers in 3-D
};

struct Scene {
  std::string id, frame;
  TimeMicros time = 0;
};

struct Item {
  std::string id, folder, key;
  Oddity oddity = Oddity::kNone;
  Geometry geometry;
  Position center;
  std::string_view platform;
  bool radar = false;
  Scene first, second;
  int days_between = 0, percent_valid = 0, epsg = 0;
  std::string_view orbit_state;
  TimeMicros created = 0, updated = 0;
};

/// Item number `index`: a function of its arguments alone.
Item make_item(std::int64_t index, const ItemOptions& options);

/// The same item processed again: a second key, `updated` 30 days later.
Item reprocessed(Item item);

/// Appends the item as indented JSON. Numbers are printed with the fewest digits that read back the same.
void append_json(const Item& item, const ItemOptions& options, std::string& out);

}  // namespace earthcatalog::generate
