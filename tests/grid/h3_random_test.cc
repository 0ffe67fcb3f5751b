// Random footprints against the oracle. EARTHCATALOG_SOAK=1 makes it a million.
#include <gtest/gtest.h>

#include <cstdlib>

#include "grid/cover_helper.h"
#include "grid/shapes.h"

namespace earthcatalog::grid::testing {
namespace {

int footprints() { return std::getenv("EARTHCATALOG_SOAK") != nullptr ? 1'000'000 : 20'000; }

/// Every neighbour of the cover is outside it for a reason.
void expect_complete(const Shape& shape, const Cells& cover) {
  Cells neighbors;
  for (const auto cell : cover) neighbors.merge(disk(cell, 1));
  for (const auto cell : neighbors) {
    if (cover.contains(cell)) continue;
    ASSERT_FALSE(shares_inner_point(shape, cell)) << fmt::format("{:x} is missing: ", cell) << shape.describe();
    ASSERT_GT(distance_deg(shape, cell, 100), 1e-8) << fmt::format("{:x} is missing: ", cell) << shape.describe();
  }
}

std::string wkb_of(const Shape& shape, std::mt19937_64& random) {
  std::vector<Points> rings;
  for (const auto& ring : shape.rings) rings.push_back(respell(ring, random));
  return polygon(rings);
}

TEST(H3Random, PolygonsHaveExactlyTheCellsThatSamplesFind) {
  Coverers coverers;
  std::mt19937_64 random(1);
  for (int i = 0; i < footprints(); ++i) {
    const int resolution = std::uniform_int_distribution<int>(0, 7)(random);
    const Shape shape = random_polygon(resolution, random);
    const Cells cover = coverers.cover(wkb_of(shape, random), resolution);
    SCOPED_TRACE(fmt::format("footprint {}, resolution {}", i, resolution));
    expect_exact(shape, cover, resolution, 100, random);
    if (HasFatalFailure()) return;
  }
}

TEST(H3Random, NoNeighbourOfACoverIsTouched) {
  Coverers coverers;
  std::mt19937_64 random(2);
  for (int i = 0; i < footprints() / 400; ++i) {
    const int resolution = std::uniform_int_distribution<int>(0, 12)(random);
    const Shape shape = random_polygon(resolution, random);
    const Cells cover = coverers.cover(wkb_of(shape, random), resolution);
    if (cover.size() > 60) continue;
    SCOPED_TRACE(fmt::format("footprint {}, resolution {}", i, resolution));
    expect_complete(shape, cover);
    if (HasFatalFailure()) return;
  }
}

TEST(H3Random, RingsRoundAPole) {
  Coverers coverers;
  std::mt19937_64 random(3);
  for (int i = 0; i < footprints() / 100; ++i) {
    const int resolution = std::uniform_int_distribution<int>(0, 3)(random);
    const Shape shape = random_polar_ring(random);
    const Cells cover = coverers.cover(wkb_of(shape, random), resolution);
    SCOPED_TRACE(fmt::format("ring {}, resolution {}", i, resolution));
    expect_exact(shape, cover, resolution, 500, random);
    if (HasFatalFailure()) return;
  }
}

TEST(H3Random, SpellingChangesNothing) {
  Coverers coverers;
  std::mt19937_64 random(4);
  for (int i = 0; i < footprints() / 10; ++i) {
    const bool polar = i % 8 == 0;
    const int resolution = std::uniform_int_distribution<int>(0, polar ? 2 : 9)(random);
    const Shape shape = polar ? random_polar_ring(random) : random_polygon(resolution, random);
    const Cells first = coverers.cover(wkb_of(shape, random), resolution);
    for (int k = 0; k < 3; ++k) {
      ASSERT_EQ(coverers.cover(wkb_of(shape, random), resolution), first) << i << ": " << shape.describe();
    }
  }
}

}  // namespace
}  // namespace earthcatalog::grid::testing
