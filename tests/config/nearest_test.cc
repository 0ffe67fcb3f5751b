#include "earthcatalog/config/nearest.h"

#include <gtest/gtest.h>

namespace earthcatalog::config {
namespace {

TEST(Nearest, CountsSwappedNeighboursOnce) {
  EXPECT_EQ(nearest("catlog", {"warehouse", "catalog"}), "catalog");
  EXPECT_EQ(nearest("waht", {"what", "when"}), "what");
  EXPECT_EQ(nearest("completely-different", {"what", "when"}), std::nullopt);
  EXPECT_EQ(nearest("", {"a"}), std::nullopt);
}

}  // namespace
}  // namespace earthcatalog::config
