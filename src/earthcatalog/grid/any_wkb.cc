#include "earthcatalog/grid/any_wkb.h"

#include <geos_c.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>

namespace earthcatalog::grid {
namespace {

static_assert(std::endian::native == std::endian::little);

template <class T, auto kDestroy>
auto owned(GEOSContextHandle_t context, T* thing) {
  const auto destroy = [context](T* t) { kDestroy(context, t); };
  return std::unique_ptr<T, std::function<void(T*)>>(thing, destroy);
}

// Little-endian, without PostGIS' flags, in two or three dimensions: what cover() takes. Parts of it are not looked at.
bool is_ours(std::string_view wkb) {
  std::uint32_t type = 0;
  if (wkb.size() < 1 + sizeof type || wkb.front() != 1) return false;
  std::memcpy(&type, wkb.data() + 1, sizeof type);
  return type < 8 || (type > 1000 && type < 1008);
}

Result<std::string> rewritten(GEOSContextHandle_t context, std::string_view wkb) {
  const auto reader = owned<GEOSWKBReader, GEOSWKBReader_destroy_r>(context, GEOSWKBReader_create_r(context));
  const auto writer = owned<GEOSWKBWriter, GEOSWKBWriter_destroy_r>(context, GEOSWKBWriter_create_r(context));
  const auto* const bytes = reinterpret_cast<const unsigned char*>(wkb.data());
  const auto geometry =
      owned<GEOSGeometry, GEOSGeom_destroy_r>(context, GEOSWKBReader_read_r(context, reader.get(), bytes, wkb.size()));
  if (!geometry) return fail(ErrorKind::kInvalidData, "a footprint is no WKB");
  GEOSWKBWriter_setOutputDimension_r(context, writer.get(), 2);
  GEOSWKBWriter_setByteOrder_r(context, writer.get(), GEOS_WKB_NDR);
  std::size_t size = 0;
  unsigned char* const text = GEOSWKBWriter_write_r(context, writer.get(), geometry.get(), &size);
  if (text == nullptr) return fail(ErrorKind::kInvalidData, "a footprint cannot be written as WKB");
  std::string written(reinterpret_cast<const char*>(text), size);
  GEOSFree_r(context, text);
  return written;
}

}  // namespace

Result<std::string> iso_wkb(std::string_view wkb) {
  if (is_ours(wkb)) return std::string(wkb);
  const std::unique_ptr<GEOSContextHandle_HS, decltype(&GEOS_finish_r)> context(GEOS_init_r(), &GEOS_finish_r);
  return rewritten(context.get(), wkb);
}

}  // namespace earthcatalog::grid
