#include "earthcatalog/config/units.h"

#include <gtest/gtest.h>

namespace earthcatalog::config {
namespace {

TEST(Units, ReadsSizes) {
  EXPECT_EQ(parse_bytes("768MiB"), std::int64_t{768} << 20);
  EXPECT_EQ(parse_bytes("1.5 GB"), std::int64_t{1'500'000'000});
  EXPECT_EQ(parse_bytes("4096"), 4096);
  for (const char* text : {"", "lots", "-1", "12 parsecs", "1e300"}) EXPECT_FALSE(parse_bytes(text)) << text;
}

TEST(Units, ReadsDurations) {
  EXPECT_EQ(parse_duration("15min"), 900);
  EXPECT_EQ(parse_duration("0s"), 0);
  EXPECT_EQ(parse_duration("2h"), 7200);
  EXPECT_FALSE(parse_duration("soon"));
}

TEST(Units, ReadsShares) {
  EXPECT_EQ(parse_share("1%"), 0.01);
  EXPECT_EQ(parse_share("0.25"), 0.25);
  for (const char* text : {"", "2", "101%", "1 percent"}) EXPECT_FALSE(parse_share(text)) << text;
}

}  // namespace
}  // namespace earthcatalog::config
