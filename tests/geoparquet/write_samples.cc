// geoparquet_samples FOLDER: one file of each kind that the writer makes, and what it said of them, for readers that
// are not ours (tests/interop/test_geoparquet.py).
#include <arrow/api.h>
#include <fmt/core.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "earthcatalog/geoparquet/writer.h"
#include "geoparquet/sample_rows.h"

namespace earthcatalog::geoparquet {
namespace {

using Rows = std::shared_ptr<arrow::RecordBatch>;

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

nlohmann::json describe(const iceberg::DataFile& file) {
  const auto numbers = [](const auto& map) {
    nlohmann::json out = nlohmann::json::object();
    for (const auto& [id, value] : map) out[std::to_string(id)] = value;
    return out;
  };
  const auto bounds = [](const auto& map) {
    nlohmann::json out = nlohmann::json::object();
    for (const auto& [id, value] : map) out[std::to_string(id)] = hex(value);
    return out;
  };
  return {{"record_count", file.record_count},
          {"file_size_in_bytes", file.file_size_in_bytes},
          {"split_offsets", file.split_offsets},
          {"column_sizes", numbers(file.column_sizes)},
          {"value_counts", numbers(file.value_counts)},
          {"null_value_counts", numbers(file.null_value_counts)},
          {"nan_value_counts", numbers(file.nan_value_counts)},
          {"lower_bounds", bounds(file.lower_bounds)},
          {"upper_bounds", bounds(file.upper_bounds)}};
}

Rows without_geometry(Rows rows) {
  for (const char* name : {"geometry", "geometry_bbox"}) {
    const auto type = rows->schema()->GetFieldByName(name)->type();
    rows = with_column(rows, name, arrow::MakeArrayOfNull(type, rows->num_rows()).ValueOrDie());
  }
  return rows;
}

// Every third value null, and some that are awkward.
Rows with_gaps(Rows rows) {
  arrow::StringBuilder platform;
  arrow::DoubleBuilder latitude;
  for (std::int64_t i = 0; i < rows->num_rows(); ++i) {
    const bool gap = i % 3 == 0;
    (void)(gap ? platform.AppendNull()
               : platform.Append(i % 2 == 0 ? "été à Zürich \xF0\x9F\x8C\x8D \xF0\x9F\x8C\x8D" : ""));
    (void)(gap ? latitude.AppendNull() : latitude.Append(i % 5 == 0 ? std::nan("") : static_cast<double>(i)));
  }
  rows = with_column(rows, "platform", platform.Finish().ValueOrDie());
  return with_column(rows, "latitude", latitude.Finish().ValueOrDie());
}

// A ring past longitude 180, whose box spans the world's.
Rows over_the_antimeridian(Rows rows) {
  arrow::BinaryBuilder geometries;
  arrow::ArrayVector sides;
  for (std::int64_t i = 0; i < rows->num_rows(); ++i) (void)geometries.Append(ring_wkb(179.5, 10, 1));
  for (const double side : {-180.0, 9.0, 180.0, 11.0}) {
    sides.push_back(arrow::MakeArrayFromScalar(arrow::DoubleScalar(side), rows->num_rows()).ValueOrDie());
  }
  const auto type = rows->schema()->GetFieldByName("geometry_bbox")->type();
  rows = with_column(rows, "geometry", geometries.Finish().ValueOrDie());
  return with_column(rows, "geometry_bbox", std::make_shared<arrow::StructArray>(type, rows->num_rows(), sides));
}

// Points in three dimensions, rings, and none at all.
Rows with_odd_geometries(Rows rows) {
  std::string point_z(29, '\0');
  point_z[0] = 1;
  point_z[1] = '\xe9';  // 1001, little-endian
  point_z[2] = 3;
  const double coordinates[] = {10.5, -20.25, 1'000};
  std::memcpy(point_z.data() + 5, coordinates, sizeof coordinates);
  arrow::BinaryBuilder geometries;
  for (std::int64_t i = 0; i < rows->num_rows(); ++i) {
    (void)(i % 3 == 0 ? geometries.AppendNull() : geometries.Append(i % 3 == 1 ? point_z : ring_wkb(0, 0, 1)));
  }
  std::shared_ptr<arrow::Array> array = geometries.Finish().ValueOrDie();
  arrow::ArrayVector sides(4);
  for (int side = 0; side < 4; ++side) {
    arrow::DoubleBuilder builder;
    for (std::int64_t i = 0; i < rows->num_rows(); ++i) {
      (void)builder.Append(i % 3 == 1 ? coordinates[side % 2] : side < 2 ? -1 : 1);
    }
    sides[static_cast<std::size_t>(side)] = builder.Finish().ValueOrDie();
  }
  const auto type = rows->schema()->GetFieldByName("geometry_bbox")->type();
  const auto boxes = std::make_shared<arrow::StructArray>(type, rows->num_rows(), sides, array->null_bitmap());
  return with_column(with_column(rows, "geometry", array), "geometry_bbox", boxes);
}

}  // namespace

int write_samples(const std::string& folder) {
  storage::Stores stores({});
  nlohmann::json all;
  const auto write = [&](const std::string& name, const Rows& rows, const WriteOptions& options) {
    const auto where = stores.locate(folder + "/" + name);
    const auto file = where ? write_file(*where, {rows}, itslive_schema(), {}, options)
                            : Result<iceberg::DataFile>(std::unexpected(where.error()));
    if (!file) {
      fmt::print(stderr, "{}\n", file.error().message);
      return false;
    }
    all[name] = describe(*file);
    return true;
  };
  const WriteOptions few_rows{.row_group_rows = 500};
  const bool good =
      write("one.parquet", itslive_rows(1), {}) && write("tiny.parquet", itslive_rows(12), {}) &&
      write("small.parquet", itslive_rows(200), {}) && write("groups.parquet", itslive_rows(1'900), few_rows) &&
      write("large.parquet", itslive_rows(30'000), {}) && write("gaps.parquet", with_gaps(itslive_rows(100)), {}) &&
      write("odd.parquet", with_odd_geometries(itslive_rows(90)), {}) &&
      write("antimeridian.parquet", over_the_antimeridian(itslive_rows(20)), {}) &&
      write("nowhere.parquet", without_geometry(itslive_rows(30)), {.covering = false});
  if (good) std::ofstream(folder + "/samples.json") << all;
  return good ? 0 : 1;
}

}  // namespace earthcatalog::geoparquet

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: geoparquet_samples FOLDER\n");
    return 2;
  }
  return earthcatalog::geoparquet::write_samples(argv[1]);
}
