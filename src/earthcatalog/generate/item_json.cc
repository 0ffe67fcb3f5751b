#include <fmt/format.h>

#include <chrono>
#include <iterator>

#include "earthcatalog/generate/indented_json.h"
#include "earthcatalog/generate/item.h"

namespace earthcatalog::generate {
namespace {

constexpr std::string_view kExtensions[] = {"https://stac-extensions.github.io/projection/v2.0.0/schema.json",
                                            "https://stac-extensions.github.io/alternate-assets/v1.2.0/schema.json",
                                            "https://stac-extensions.github.io/version/v1.2.0/schema.json",
                                            "https://stac-extensions.github.io/sat/v1.1.0/schema.json"};
constexpr std::string_view kHost = "https://its-live-data.s3.amazonaws.com/";
constexpr std::string_view kCollection = "itslive-granules";

std::string concat(std::string_view a, std::string_view b, std::string_view c = {}, std::string_view d = {}) {
  std::string out;
  out.reserve(a.size() + b.size() + c.size() + d.size());
  return out.append(a).append(b).append(c).append(d);
}

// Six fraction digits always, as Python's strftime("%f") writes them.
std::string time_text(TimeMicros micros) {
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds{micros}};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const auto rest = (time - day).count();
  const auto second = rest / kMicrosPerSecond;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second / 3600,
                     second / 60 % 60, second % 60, rest % kMicrosPerSecond);
}

void write_position(IndentedJson& json, Position position, std::optional<double> height) {
  json.open('[');
  json.number(position.lon);
  json.number(position.lat);
  if (height) json.number(*height);
  json.close(']');
}

void write_polygon(IndentedJson& json, const std::vector<Position>& ring, std::optional<double> height) {
  json.open('[');
  json.open('[');
  for (const Position position : ring) write_position(json, position, height);
  json.close(']');
  json.close(']');
}

void write_geometry(IndentedJson& json, const Geometry& geometry) {
  using Type = Geometry::Type;
  json.key("geometry");
  if (geometry.type == Type::kNone) return json.null();
  json.open('{');
  json.key("type").text(geometry.type == Type::kPoint     ? "Point"
                        : geometry.type == Type::kPolygon ? "Polygon"
                                                          : "MultiPolygon");
  json.key("coordinates");
  if (geometry.type == Type::kPoint) {
    write_position(json, geometry.rings[0][0], geometry.height);
  } else if (geometry.type == Type::kPolygon) {
    write_polygon(json, geometry.rings[0], geometry.height);
  } else {
    json.open('[');
    for (const auto& ring : geometry.rings) write_polygon(json, ring, geometry.height);
    json.close(']');
  }
  json.close('}');
  if (geometry.bbox.empty()) return;
  json.key("bbox").open('[');
  for (const double bound : geometry.bbox) json.number(bound);
  json.close(']');
}

double four_decimals(double value) { return std::round(value * 1e4) / 1e4; }

void write_properties(IndentedJson& json, const Item& item) {
  const std::string middle = time_text(item.first.time + (item.second.time - item.first.time) / 2);
  json.key("properties").open('{');
  json.key("mid_datetime").text(middle);
  json.key("created").text(time_text(item.created));
  json.key("updated").text(time_text(item.updated));
  json.key("latitude").number(four_decimals(item.center.lat));
  json.key("longitude").number(four_decimals(item.center.lon));
  json.key("date_dt").number(item.days_between);
  json.key("platform").text(item.platform);
  json.key("scene_1_id").text(item.first.id);
  json.key("scene_2_id").text(item.second.id);
  json.key("scene_1_frame").text(item.first.frame);
  json.key("scene_2_frame").text(item.second.frame);
  json.key("sat:orbit_state").text(item.orbit_state);
  json.key("start_datetime").text(time_text(item.first.time));
  json.key("end_datetime").text(time_text(item.second.time));
  json.key("percent_valid_pixels").integer(item.percent_valid);
  json.key("proj:code").text(fmt::format("EPSG:{}", item.epsg));
  json.key("version").text("002");
  json.key("datetime");
  if (item.oddity == Oddity::kNullDatetime) {
    json.null();
  } else {
    json.text(middle);
  }
  json.close('}');
}

void write_links(IndentedJson& json, const Item& item, bool wanted) {
  const struct {
    std::string_view rel, href, title;
  } links[] = {{"root", "stac/catalog.json", "ITS_LIVE: global glacier surface velocities"},
               {"parent", "stac/itslive-granules/collection.json", "ITS_LIVE image-pair velocity granules"},
               {"collection", "stac/itslive-granules/collection.json", "ITS_LIVE image-pair velocity granules"},
               {"self", item.key, item.id}};
  json.key("links").open('[');
  for (const auto& link : links) {
    if (!wanted) break;
    json.open('{');
    json.key("rel").text(link.rel);
    json.key("href").text(concat(kHost, link.href));
    json.key("type").text("application/json");
    json.key("title").text(link.title);
    json.close('}');
  }
  json.close(']');
}

void write_role(IndentedJson& json, std::string_view role) {
  json.key("roles").open('[');
  json.text(role);
  json.close(']');
  json.close('}');
}

void write_assets(IndentedJson& json, const Item& item) {
  const std::string base = concat(item.folder, "/", item.id);
  json.key("assets").open('{');
  json.key("data").open('{');
  json.key("href").text(concat(kHost, base, ".nc"));
  json.key("type").text("application/netcdf");
  json.key("alternate").open('{');
  json.key("s3").open('{');
  json.key("href").text(concat("s3://its-live-data/", base, ".nc"));
  json.key("alternate:name").text("S3");
  json.close('}');
  json.close('}');
  write_role(json, "data");
  for (const auto& [name, ending] :
       {std::pair<std::string_view, std::string_view>{"overview", ".png"}, {"thumbnail", "_thumb.png"}}) {
    json.key(name).open('{');
    json.key("href").text(concat(kHost, base, ending));
    json.key("type").text("image/png");
    write_role(json, name);
  }
  json.close('}');
}

}  // namespace

void append_json(const Item& item, const ItemOptions& options, std::string& out) {
  IndentedJson json(out);
  json.open('{');
  json.key("type").text("Feature");
  json.key("stac_version").text("1.1.0");
  json.key("stac_extensions").open('[');
  for (const auto extension : kExtensions) json.text(extension);
  json.close(']');
  json.key("id").text(item.id);
  write_geometry(json, item.geometry);
  write_properties(json, item);
  write_links(json, item, options.links);
  write_assets(json, item);
  json.key("collection").text(kCollection);
  json.close('}');
}

}  // namespace earthcatalog::generate
