// Covers in one line.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "earthcatalog/grid/h3_cover.h"
#include "grid/oracle.h"

namespace earthcatalog::grid::testing {

/// One coverer for each resolution.
class Coverers {
 public:
  Cells cover(std::string_view wkb, int resolution) {
    auto& coverer = coverers_[static_cast<std::size_t>(resolution)];
    if (!coverer) coverer = make_h3_coverer(resolution);
    const auto status = coverer->cover(wkb, cells_);
    EXPECT_TRUE(status) << (status ? "" : status.error().message);
    EXPECT_TRUE(std::ranges::is_sorted(cells_));
    Cells found(cells_.begin(), cells_.end());
    EXPECT_EQ(found.size(), cells_.size()) << "a cell twice";
    return found;
  }

 private:
  std::array<std::unique_ptr<Coverer>, 16> coverers_;
  std::vector<Cell> cells_;
};

/// Every sampled cell is in the cover, and every cell of the cover has a witness.
inline void expect_exact(const Shape& shape, const Cells& cover, int resolution, int samples, std::mt19937_64& random) {
  const Cells sampled = sampled_cells(shape, resolution, samples, random);
  for (const auto cell : sampled) {
    ASSERT_TRUE(cover.contains(cell)) << fmt::format("{:x} is missing: ", cell) << shape.describe();
  }
  for (const auto cell : cover) {
    if (sampled.contains(cell) || shares_inner_point(shape, cell)) continue;
    ASSERT_LE(distance_deg(shape, cell, 400), kToleranceDeg)
        << fmt::format("{:x} is too much: ", cell) << shape.describe();
  }
}

}  // namespace earthcatalog::grid::testing
