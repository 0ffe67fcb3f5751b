// Arbitrary bytes as WKT or GeoJSON: refused, or WKB that is read back.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "earthcatalog/grid/bounds.h"
#include "earthcatalog/grid/geometry_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earthcatalog::grid;
  const auto wkb = wkb_of_text({reinterpret_cast<const char*>(data), size});
  if (!wkb) return 0;
  if (!wkt_of_wkb(*wkb) || !geojson_of_wkb(*wkb)) __builtin_trap();
  static_cast<void>(bounds(*wkb));
  return 0;
}
