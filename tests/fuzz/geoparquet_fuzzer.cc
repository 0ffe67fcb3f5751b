// Any bytes as a Parquet file, and as the WKB of a geometry: read or refused, never worse.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/geoparquet/wkb.h"
#include "earthcatalog/storage/stores.h"

namespace {

using namespace earthcatalog;

iceberg::Schema schema() {
  using iceberg::TypeId;
  iceberg::Schema schema;
  const auto field = [](int id, const char* name, TypeId type) {
    return iceberg::NestedField{.field_id = id, .name = name, .type = {.id = type, .fields = {}}};
  };
  schema.fields = {field(1, "id", TypeId::kString),
                   field(2, "grid_partition", TypeId::kString),
                   field(3, "geometry", TypeId::kBinary),
                   field(4, "datetime", TypeId::kTimestampTz),
                   field(6, "percent_valid_pixels", TypeId::kLong),
                   field(26, "latitude", TypeId::kDouble),
                   field(30, "geometry_bbox", TypeId::kStruct)};
  schema.fields.back().type.fields = {field(32, "xmin", TypeId::kDouble), field(33, "ymin", TypeId::kDouble)};
  return schema;
}

void read_everything(const storage::Location& where) {
  const auto reader = geoparquet::FileReader::open(where);
  if (!reader) return;
  for (int i = 0; i < (*reader)->row_groups(); ++i) {
    const auto rows = (*reader)->read_row_group(i, {});
    if (rows) (void)geoparquet::conform(*rows, schema());
    (void)(*reader)->read_row_group(i, {"id", "geometry_bbox"});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  geoparquet::GeometrySummary summary;
  (void)summary.add(bytes);

  storage::Stores stores({});
  const auto where = stores.locate("memory://fuzz/file");
  if (where && where->store->put(where->key, bytes)) read_everything(*where);
  return 0;
}
