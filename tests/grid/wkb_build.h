// WKB of the test's own making.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "earthcatalog/grid/sphere.h"

namespace earthcatalog::grid::testing {

using Points = std::vector<LonLat>;

template <class T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline std::string header(std::uint32_t type) {
  std::string out(1, '\1');
  append(out, type);
  return out;
}

inline void append_points(std::string& out, const Points& points) {
  append(out, static_cast<std::uint32_t>(points.size()));
  for (const auto& p : points) {
    append(out, p.lon);
    append(out, p.lat);
  }
}

inline std::string point(LonLat p) {
  std::string out = header(1);
  append(out, p.lon);
  append(out, p.lat);
  return out;
}

inline std::string line(const Points& points) {
  std::string out = header(2);
  append_points(out, points);
  return out;
}

inline Points closed(Points ring) {
  if (!ring.empty() && ring.front() != ring.back()) ring.push_back(LonLat(ring.front()));
  return ring;
}

/// Rings are closed here.
inline std::string polygon(const std::vector<Points>& rings) {
  std::string out = header(3);
  append(out, static_cast<std::uint32_t>(rings.size()));
  for (const auto& ring : rings) append_points(out, closed(ring));
  return out;
}

inline std::string polygon(const Points& ring) { return polygon(std::vector<Points>{ring}); }

/// `type`: 4 MultiPoint, 5 MultiLineString, 6 MultiPolygon, 7 GeometryCollection.
inline std::string collection(std::uint32_t type, const std::vector<std::string>& members) {
  std::string out = header(type);
  append(out, static_cast<std::uint32_t>(members.size()));
  for (const auto& member : members) out += member;
  return out;
}

inline Points box(double west, double south, double east, double north) {
  return {{west, south}, {east, south}, {east, north}, {west, north}};
}

}  // namespace earthcatalog::grid::testing
