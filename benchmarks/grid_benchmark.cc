// The exact cover of footprints like ITS_LIVE's (17 vertices, some 100 km), beside H3's own cover, which is not exact.
#include <benchmark/benchmark.h>
#include <h3api.h>

#include <cmath>
#include <cstring>
#include <numbers>
#include <random>

#include "earthcatalog/grid/h3_cover.h"
#include "earthcatalog/grid/sphere.h"

namespace {

using earthcatalog::grid::LonLat;

/// A turned square of about 100 km with four vertices on each side, closed, at random places over land ice.
std::vector<LonLat> footprint(std::mt19937_64& random) {
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  constexpr double kHalfSide = 0.45;
  const LonLat center{uniform(-180, 180), uniform(0, 1) < 0.6 ? uniform(55, 83) : uniform(-85, -60)};
  const double turn = uniform(0, std::numbers::pi), squeeze = std::cos(center.lat * std::numbers::pi / 180);
  std::vector<LonLat> ring;
  for (int i = 0; i < 16; ++i) {
    const int side = i / 4;
    const double along = kHalfSide * (i % 4 - 2) / 2;
    const double angle = turn + side * std::numbers::pi / 2;
    const double x = kHalfSide * std::cos(angle) - along * std::sin(angle);
    const double y = kHalfSide * std::sin(angle) + along * std::cos(angle);
    ring.push_back({center.lon + x / squeeze, center.lat + y});
  }
  ring.push_back(LonLat(ring[0]));
  return ring;
}

const std::vector<std::vector<LonLat>>& footprints() {
  static const auto all = [] {
    std::mt19937_64 random(7);
    std::vector<std::vector<LonLat>> rings(10'000);
    for (auto& ring : rings) ring = footprint(random);
    return rings;
  }();
  return all;
}

std::string wkb_polygon(const std::vector<LonLat>& ring) {
  std::string out("\1\3\0\0\0\1\0\0\0", 9);
  const auto append = [&](const auto value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); };
  append(static_cast<std::uint32_t>(ring.size()));
  for (const auto& p : ring) append(p.lon), append(p.lat);
  return out;
}

void exact_cover(benchmark::State& state) {
  const auto coverer = earthcatalog::grid::make_h3_coverer(static_cast<int>(state.range(0)));
  std::vector<std::string> wkbs;
  for (const auto& ring : footprints()) wkbs.push_back(wkb_polygon(ring));
  std::vector<earthcatalog::grid::Cell> cells;
  std::size_t i = 0, found = 0;
  for (const auto& wkb : wkbs) static_cast<void>(coverer->cover(wkb, cells));
  for (auto _ : state) {
    if (!coverer->cover(wkbs[i++ % wkbs.size()], cells)) state.SkipWithError("no cover");
    found += cells.size();
  }
  state.counters["cells"] = benchmark::Counter(static_cast<double>(found), benchmark::Counter::kAvgIterations);
}
BENCHMARK(exact_cover)->DenseRange(0, 5)->Unit(benchmark::kMicrosecond);

void h3_overlapping(benchmark::State& state) {
  const int resolution = static_cast<int>(state.range(0));
  std::vector<std::vector<LatLng>> rings;
  for (const auto& ring : footprints()) {
    auto& radians = rings.emplace_back();
    for (std::size_t i = 0; i + 1 < ring.size(); ++i)
      radians.push_back({degsToRads(ring[i].lat), degsToRads(ring[i].lon)});
  }
  std::vector<H3Index> cells;
  std::size_t i = 0;
  for (auto _ : state) {
    auto& ring = rings[i++ % rings.size()];
    const GeoPolygon polygon{{static_cast<int>(ring.size()), ring.data()}, 0, nullptr};
    std::int64_t size = 0;
    maxPolygonToCellsSizeExperimental(&polygon, resolution, CONTAINMENT_OVERLAPPING, &size);
    cells.assign(static_cast<std::size_t>(size), 0);
    polygonToCellsExperimental(&polygon, resolution, CONTAINMENT_OVERLAPPING, size, cells.data());
    benchmark::DoNotOptimize(cells.data());
  }
}
BENCHMARK(h3_overlapping)->DenseRange(1, 3)->Unit(benchmark::kMicrosecond);

void locate_a_point(benchmark::State& state) {
  const auto& rings = footprints();
  std::size_t i = 0;
  for (auto _ : state) {
    const auto& p = rings[i++ % rings.size()][0];
    const LatLng radians{degsToRads(p.lat), degsToRads(p.lon)};
    H3Index cell = 0;
    latLngToCell(&radians, 3, &cell);
    benchmark::DoNotOptimize(cell);
  }
}
BENCHMARK(locate_a_point)->Unit(benchmark::kMicrosecond);

}  // namespace
