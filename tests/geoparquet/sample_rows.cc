#include "geoparquet/sample_rows.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "earthcatalog/base/time.h"

namespace earthcatalog::geoparquet {
namespace {

using iceberg::NestedField;
using iceberg::Type;
using iceberg::TypeId;

struct Row {
  std::string id, platform, scene_1, scene_2, frame_1, frame_2, proj, orbit, folder;
  TimeMicros start = 0, mid = 0, end = 0, created = 0, updated = 0;
  std::int64_t percent = 0, days = 0;
  double lon = 0, lat = 0;
};

double rounded(double value) { return std::round(value * 1e4) / 1e4; }

std::string day(TimeMicros time) {
  std::string text = format_time(time).substr(0, 10);
  std::erase(text, '-');
  return text;
}

Row make_row(std::mt19937& random, std::int64_t number) {
  constexpr std::array<std::string_view, 4> kPlatforms = {"LC08", "LE07", "LC09", "LT05"};
  constexpr std::array<int, 6> kDays = {16, 32, 48, 64, 96, 176};
  const auto below = [&](std::uint32_t n) { return static_cast<std::int64_t>(random() % n); };
  Row row;
  row.platform = kPlatforms[static_cast<std::size_t>(below(4))];
  row.lon = rounded(-52 + static_cast<double>(below(120'000)) * 1e-4);
  row.lat = rounded(63 + static_cast<double>(below(100'000)) * 1e-4);
  row.days = kDays[static_cast<std::size_t>(below(6))];
  row.start = 1'514'764'800'000'000 + below(31'000'000) * kMicrosPerSecond + below(1'000'000);
  row.end = row.start + row.days * 86'400 * kMicrosPerSecond;
  row.mid = row.start + (row.end - row.start) / 2;
  row.created = 1'735'689'600'000'000 + below(17'000'000) * kMicrosPerSecond + below(1'000'000);
  row.updated = row.created + below(60) * 86'400 * kMicrosPerSecond;
  row.percent = 1 + below(100);
  row.frame_1 = fmt::format("{:03}{:03}", 1 + below(233), 1 + below(120));
  row.frame_2 = fmt::format("{:03}{:03}", 1 + below(233), 1 + below(120));
  row.scene_1 = fmt::format("{}_L1TP_{}_{}_{}_02_T1", row.platform, row.frame_1, day(row.start), day(row.created));
  row.scene_2 = fmt::format("{}_L1TP_{}_{}_{}_02_T1", row.platform, row.frame_2, day(row.end), day(row.updated));
  row.id = fmt::format("{}_X_{}_G0120V02_P{:03}_{:07}", row.scene_1, row.scene_2, row.percent, number);
  row.proj = below(4) == 0 ? "EPSG:32622" : "EPSG:3413";
  row.orbit = "N/A";
  row.folder = fmt::format("velocity_image_pair/landsatOLI/v02/N{:02}W{:03}", std::int64_t(row.lat / 10) * 10,
                           std::int64_t(-row.lon / 10) * 10);
  return row;
}

std::string assets(const Row& row) {
  const std::string base = fmt::format("{}/{}", row.folder, row.id);
  const std::string web = "https://its-live-data.s3.amazonaws.com/" + base;
  return fmt::format(R"({{"data":{{"href":"{0}.nc","type":"application/netcdf","alternate":{{"s3":{{)"
                     R"("href":"s3://its-live-data/{1}.nc","alternate:name":"S3"}}}},"roles":["data"]}},)"
                     R"("overview":{{"href":"{0}.png","type":"image/png","roles":["overview"]}},)"
                     R"("thumbnail":{{"href":"{0}_thumb.png","type":"image/png","roles":["thumbnail"]}}}})",
                     web, base);
}

std::string links(const Row& row) {
  std::string out = "[";
  for (const auto& [rel, path, title] : std::initializer_list<std::tuple<std::string, std::string, std::string>>{
           {"root", "stac/catalog.json", "ITS_LIVE: global glacier surface velocities"},
           {"parent", "stac/itslive-granules/collection.json", "ITS_LIVE image-pair velocity granules"},
           {"collection", "stac/itslive-granules/collection.json", "ITS_LIVE image-pair velocity granules"},
           {"self", fmt::format("{}/{}.stac.json", row.folder, row.id), row.id}}) {
    out += fmt::format(R"({}{{"rel":"{}","href":"https://its-live-data.s3.amazonaws.com/{}",)"
                       R"("type":"application/json","title":"{}"}})",
                       out.size() > 1 ? "," : "", rel, path, title);
  }
  return out + "]";
}

constexpr std::string_view kExtensions = R"(["https://stac-extensions.github.io/projection/v2.0.0/schema.json",)"
                                         R"("https://stac-extensions.github.io/version/v1.2.0/schema.json",)"
                                         R"("https://stac-extensions.github.io/sat/v1.1.0/schema.json"])";

constexpr double kHalfSide = 0.5;

template <class Builder, class Value>
std::shared_ptr<arrow::Array> column(const std::vector<Row>& rows, Builder&& builder, Value value) {
  for (const Row& row : rows) (void)builder.Append(value(row));
  return builder.Finish().ValueOrDie();
}

}  // namespace

std::shared_ptr<arrow::RecordBatch> with_column(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                const std::string& name, const std::shared_ptr<arrow::Array>& column) {
  const int at = rows->schema()->GetFieldIndex(name);
  return rows->SetColumn(at, arrow::field(name, column->type()), column).ValueOrDie();
}

std::string ring_wkb(double lon, double lat, double half_side, int points) {
  std::string out("\x01\x03\x00\x00\x00\x01\x00\x00\x00", 9);
  const auto put = [&out](auto value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); };
  put(static_cast<std::uint32_t>(points));
  for (int i = 0; i < points; ++i) {
    const double turn = 2 * M_PI * (i == points - 1 ? 0 : i) / (points - 1);
    put(rounded(lon + half_side * std::cos(turn)));
    put(rounded(lat + half_side * std::sin(turn)));
  }
  return out;
}

iceberg::Schema itslive_schema() {
  const auto field = [](std::string name, TypeId type) {
    return NestedField{.field_id = 0, .name = std::move(name), .type = Type{.id = type, .fields = {}}};
  };
  iceberg::Schema schema;
  const auto add = [&](TypeId type, std::initializer_list<const char*> names) {
    for (const char* name : names) schema.fields.push_back(field(name, type));
  };
  add(TypeId::kString, {"id", "grid_partition"});
  add(TypeId::kBinary, {"geometry"});
  add(TypeId::kTimestampTz, {"datetime"});
  add(TypeId::kString, {"platform"});
  add(TypeId::kLong, {"percent_valid_pixels", "date_dt"});
  add(TypeId::kString, {"proj:code", "assets", "links", "stac_version", "type"});
  add(TypeId::kTimestampTz, {"start_datetime"});
  add(TypeId::kString,
      {"version", "sat:orbit_state", "scene_1_id", "scene_2_id", "scene_1_frame", "scene_2_frame", "mid_datetime"});
  add(TypeId::kTimestampTz, {"created", "updated", "end_datetime"});
  add(TypeId::kString, {"stac_extensions", "collection"});
  add(TypeId::kDouble, {"latitude", "longitude"});
  add(TypeId::kString, {"bbox"});
  add(TypeId::kBoolean, {"grid_primary"});
  schema.fields.push_back(
      NestedField{.field_id = 0, .name = "geometry_bbox", .type = Type{.id = TypeId::kStruct, .fields = {}}});
  for (const char* member : {"xmin", "ymin", "xmax", "ymax"}) {
    schema.fields.back().type.fields.push_back(field(member, TypeId::kDouble));
  }
  add(TypeId::kString, {"stac_extra"});
  int next = 1;
  for (NestedField& top : schema.fields) top.field_id = next++;
  for (NestedField& top : schema.fields) {
    for (NestedField& child : top.type.fields) child.field_id = next++;
  }
  return schema;
}

std::shared_ptr<arrow::RecordBatch> itslive_rows(std::int64_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Row> rows;
  for (std::int64_t i = 0; i < count; ++i) rows.push_back(make_row(random, i));
  std::ranges::sort(rows, {}, [](const Row& row) { return std::pair(row.platform, row.mid); });

  const auto text = [&](auto value) { return column(rows, arrow::StringBuilder(), value); };
  const auto constant = [&](std::string_view value) { return text([=](const Row&) { return value; }); };
  const auto number = [&](auto value) { return column(rows, arrow::DoubleBuilder(), value); };
  const auto time_type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto time = [&](TimeMicros Row::* member) {
    return column(rows, arrow::TimestampBuilder(time_type, arrow::default_memory_pool()),
                  [=](const Row& row) { return row.*member; });
  };
  const auto box = arrow::StructArray::Make({number([](const Row& r) { return rounded(r.lon - kHalfSide); }),
                                             number([](const Row& r) { return rounded(r.lat - kHalfSide); }),
                                             number([](const Row& r) { return rounded(r.lon + kHalfSide); }),
                                             number([](const Row& r) { return rounded(r.lat + kHalfSide); })},
                                            std::vector<std::string>{"xmin", "ymin", "xmax", "ymax"})
                       .ValueOrDie();
  const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> columns = {
      {"id", text([](const Row& r) { return r.id; })},
      {"grid_partition", constant("81063ffffffffff")},
      {"geometry",
       column(rows, arrow::BinaryBuilder(), [](const Row& r) { return ring_wkb(r.lon, r.lat, kHalfSide); })},
      {"datetime", time(&Row::mid)},
      {"platform", text([](const Row& r) { return r.platform; })},
      {"percent_valid_pixels", column(rows, arrow::Int64Builder(), [](const Row& r) { return r.percent; })},
      {"date_dt", column(rows, arrow::Int64Builder(), [](const Row& r) { return r.days; })},
      {"proj:code", text([](const Row& r) { return r.proj; })},
      {"assets", text(assets)},
      {"links", text(links)},
      {"stac_version", constant("1.1.0")},
      {"type", constant("Feature")},
      {"start_datetime", time(&Row::start)},
      {"version", constant("002")},
      {"sat:orbit_state", text([](const Row& r) { return r.orbit; })},
      {"scene_1_id", text([](const Row& r) { return r.scene_1; })},
      {"scene_2_id", text([](const Row& r) { return r.scene_2; })},
      {"scene_1_frame", text([](const Row& r) { return r.frame_1; })},
      {"scene_2_frame", text([](const Row& r) { return r.frame_2; })},
      {"mid_datetime", text([](const Row& r) { return format_time(r.mid); })},
      {"created", time(&Row::created)},
      {"updated", time(&Row::updated)},
      {"end_datetime", time(&Row::end)},
      {"stac_extensions", constant(kExtensions)},
      {"collection", constant("itslive-granules")},
      {"latitude", number([](const Row& r) { return r.lat; })},
      {"longitude", number([](const Row& r) { return r.lon; })},
      {"bbox", text([](const Row& r) {
         return fmt::format("[{},{},{},{}]", rounded(r.lon - kHalfSide), rounded(r.lat - kHalfSide),
                            rounded(r.lon + kHalfSide), rounded(r.lat + kHalfSide));
       })},
      {"grid_primary", column(rows, arrow::BooleanBuilder(), [](const Row&) { return true; })},
      {"geometry_bbox", box},
      {"stac_extra", arrow::MakeArrayOfNull(arrow::utf8(), count).ValueOrDie()},
  };
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), count, arrays);
}

}  // namespace earthcatalog::geoparquet
