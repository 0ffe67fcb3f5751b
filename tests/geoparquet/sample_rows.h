// Rows like ITS_LIVE's, for tests and benchmarks: the 31 columns, with texts as long and as alike as the real ones.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "earthcatalog/iceberg/metadata/schema.h"

namespace earthcatalog::geoparquet {

/// The schema `itslive`, with field ids as a new table gets them.
iceberg::Schema itslive_schema();

/// `count` rows in (platform, datetime) order; the same ones for the same seed.
std::shared_ptr<arrow::RecordBatch> itslive_rows(std::int64_t count, std::uint32_t seed = 42);

/// `rows` with another column in place of the one of that name.
std::shared_ptr<arrow::RecordBatch> with_column(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                const std::string& name, const std::shared_ptr<arrow::Array>& column);

/// The WKB of a closed ring round (lon, lat), counterclockwise, with `points` points.
std::string ring_wkb(double lon, double lat, double half_side, int points = 17);

}  // namespace earthcatalog::geoparquet
