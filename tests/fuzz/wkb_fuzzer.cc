// Arbitrary bytes as a footprint: refused or covered, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/grid/geojson_partitioner.h"
#include "earthcatalog/grid/h3_cover.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earthcatalog::grid;
  static const auto coarse = make_h3_coverer(1), fine = make_h3_coverer(3);
  static const auto regions = *make_geojson_partitioner(
      R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"a","properties":{},"geometry":{"type":"Polygon",
         "coordinates":[[[160,-60],[200,-60],[200,60],[160,60],[160,-60]]]}}]})",
      "id");
  static const auto in_regions = regions->make_coverer();
  const std::string_view wkb(reinterpret_cast<const char*>(data), size);
  std::vector<Cell> cells;
  const bool readable = static_cast<bool>(coarse->cover(wkb, cells));
  if (readable && cells.empty()) __builtin_trap();
  if (readable && cells[0] != kNoCell && !bounds(wkb)) __builtin_trap();
  static_cast<void>(fine->cover(wkb, cells));
  static_cast<void>(in_regions->cover(wkb, cells));
  return 0;
}
