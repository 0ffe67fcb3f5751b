// Points of the unit sphere as vectors: what the exact cover computes with. Degrees become radians here and nowhere
// else.
#pragma once

#include <cmath>
#include <numbers>

namespace earthcatalog::grid {

inline constexpr double kRadiansPerDegree = std::numbers::pi / 180;

/// Degrees.
struct LonLat {
  double lon = 0, lat = 0;
  friend bool operator==(const LonLat&, const LonLat&) = default;
};

struct Vec3 {
  double x = 0, y = 0, z = 0;
  friend Vec3 operator+(const Vec3& a, const Vec3& b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend Vec3 operator-(const Vec3& a, const Vec3& b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
  friend Vec3 operator*(double k, const Vec3& a) { return {k * a.x, k * a.y, k * a.z}; }
};

inline double dot(const Vec3& a, const Vec3& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

inline Vec3 cross(const Vec3& a, const Vec3& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

inline double length(const Vec3& a) { return std::sqrt(dot(a, a)); }

inline Vec3 unit(const Vec3& a) { return (1 / length(a)) * a; }

inline Vec3 to_vector(LonLat p) {
  const double lon = p.lon * kRadiansPerDegree, lat = p.lat * kRadiansPerDegree;
  const double cos_lat = std::cos(lat);
  return {cos_lat * std::cos(lon), cos_lat * std::sin(lon), std::sin(lat)};
}

inline LonLat to_lon_lat(const Vec3& p) {
  return {std::atan2(p.y, p.x) / kRadiansPerDegree, std::atan2(p.z, std::hypot(p.x, p.y)) / kRadiansPerDegree};
}

/// The same longitude in [-180, 180).
inline double normal_lon(double lon) {
  if (lon >= -180 && lon < 180) return lon;
  const double rest = std::remainder(lon, 360);
  return rest == 180 ? -180 : rest;
}

}  // namespace earthcatalog::grid
