// Every cell of resolutions 0 to 2, pentagons and cells on the icosahedron's edges included.
#include <gtest/gtest.h>

#include <cmath>

#include "earthcatalog/grid/h3_cells.h"
#include "grid/cover_helper.h"

namespace earthcatalog::grid::testing {
namespace {

std::vector<H3Index> all_cells(int resolution) {
  std::array<H3Index, 122> roots;
  getRes0Cells(roots.data());
  std::vector<H3Index> all;
  for (const auto root : roots) {
    std::int64_t size = 0;
    cellToChildrenSize(root, resolution, &size);
    std::vector<H3Index> children(static_cast<std::size_t>(size));
    cellToChildren(root, resolution, children.data());
    all.insert(all.end(), children.begin(), children.end());
  }
  return all;
}

double edge_deg(int resolution) {
  double km = 0;
  getHexagonEdgeLengthAvgKm(resolution, &km);
  return km / 111;
}

Points box_about(LonLat p, double half_deg) {
  const double wide = half_deg / std::max(0.01, std::cos(p.lat * kRadiansPerDegree));
  return box(p.lon - wide, std::max(-90.0, p.lat - half_deg), p.lon + wide, std::min(90.0, p.lat + half_deg));
}

/// The cell's boundary, moved towards its center by a share of the way, with many vertices on each arc.
Points moved_boundary(H3Index cell, double share) {
  constexpr int kSteps = 40;
  const auto corners = boundary_of(cell);
  const Vec3 center = to_vector(center_of(cell));
  Points ring;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const Vec3 a = to_vector(corners[i]), b = to_vector(corners[(i + 1) % corners.size()]);
    for (int k = 0; k < kSteps; ++k) {
      const double t = static_cast<double>(k) / kSteps;
      ring.push_back(to_lon_lat((1 - share) * unit((1 - t) * a + t * b) + share * center));
    }
  }
  return ring;
}

class H3Exhaustive : public ::testing::TestWithParam<int> {
 protected:
  Coverers coverers;
};
INSTANTIATE_TEST_SUITE_P(Resolutions, H3Exhaustive, ::testing::Values(0, 1, 2));

TEST_P(H3Exhaustive, ItsCenterAndItsVerticesAreInOneCell) {
  for (const auto cell : all_cells(GetParam())) {
    EXPECT_EQ(coverers.cover(point(center_of(cell)), GetParam()), Cells{cell});
    for (const auto& vertex : boundary_of(cell)) {
      EXPECT_EQ(coverers.cover(point(vertex), GetParam()), Cells{cell_at(vertex, GetParam())});
    }
  }
}

TEST_P(H3Exhaustive, ABoxAtTheCenterTouchesThatCell) {
  for (const auto cell : all_cells(GetParam())) {
    EXPECT_EQ(coverers.cover(polygon(box_about(center_of(cell), 0.01 * edge_deg(GetParam()))), GetParam()),
              Cells{cell});
  }
}

TEST_P(H3Exhaustive, BoxOverAVertexTouchesTheCellsThatMeetThere) {
  const double half = 1e-3 * edge_deg(GetParam());
  for (const auto cell : all_cells(GetParam())) {
    for (const auto& vertex : boundary_of(cell)) {
      const auto ring = box_about(vertex, half);
      Cells expected;
      for (int x = 0; x <= 12; ++x) {
        for (int y = 0; y <= 12; ++y) {
          expected.insert(cell_at({ring[0].lon + x / 12.0 * (ring[2].lon - ring[0].lon),
                                   ring[0].lat + y / 12.0 * (ring[2].lat - ring[0].lat)},
                                  GetParam()));
        }
      }
      EXPECT_EQ(coverers.cover(polygon(ring), GetParam()), expected) << to_string(expected);
    }
  }
}

TEST_P(H3Exhaustive, ItsShrunkBoundaryTouchesItAlone) {
  for (const auto cell : all_cells(GetParam())) {
    EXPECT_EQ(coverers.cover(polygon(moved_boundary(cell, 0.01)), GetParam()), Cells{cell});
  }
}

TEST_P(H3Exhaustive, ItsGrownBoundaryTouchesItAndItsNeighbours) {
  for (const auto cell : all_cells(GetParam())) {
    EXPECT_EQ(coverers.cover(polygon(moved_boundary(cell, -0.01)), GetParam()), disk(cell, 1)) << std::hex << cell;
  }
}

TEST_P(H3Exhaustive, ARingOfCellsDoesNotHideTheOneInTheMiddle) {
  // The ring runs through the neighbours only: the cell itself is inside, or in a hole.
  for (const auto cell : all_cells(GetParam())) {
    const auto ring = moved_boundary(cell, -0.2);
    Cells ring_only = coverers.cover(line(closed(ring)), GetParam());
    EXPECT_FALSE(ring_only.contains(cell));
    auto with_cell = ring_only;
    with_cell.insert(cell);
    EXPECT_EQ(coverers.cover(polygon(ring), GetParam()), with_cell);
    const auto inner = moved_boundary(cell, -0.1);
    EXPECT_EQ(coverers.cover(polygon({ring, inner}), GetParam()), ring_only);
  }
}

// The claim on which all rests: great-circle arcs between cellToBoundary's vertices part latLngToCell's cells.
TEST(H3Cells, ArcsAreWhereLatLngToCellChanges) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> share(0.02, 0.98);
  constexpr double kBeside = kToleranceDeg / 5 * kRadiansPerDegree;
  for (int resolution = 0; resolution <= 15; ++resolution) {
    H3Cells cells(resolution);
    for (int i = 0; i < 2000; ++i) {
      const double lat = std::asin(2 * share(random) - 1) / kRadiansPerDegree;
      const auto slot = cells.slot_at({360 * share(random) - 180, lat});
      for (std::size_t k = 0; k < cells.edges(slot).size(); ++k) {
        auto edge = cells.edges(slot)[k];
        const double t = share(random);
        const Vec3 on = unit((1 - t) * edge.arc.start + t * edge.arc.end);
        EXPECT_EQ(cells.slot_at(to_lon_lat(on + kBeside * edge.arc.normal)), slot);
        const auto across = cells.slot_at(to_lon_lat(on - kBeside * edge.arc.normal));
        EXPECT_NE(across, slot);
        EXPECT_EQ(across, cells.across(edge));
      }
    }
  }
}

}  // namespace
}  // namespace earthcatalog::grid::testing
