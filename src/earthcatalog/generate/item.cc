#include "earthcatalog/generate/item.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <numbers>

#include "earthcatalog/generate/footprint.h"
#include "earthcatalog/generate/random.h"

namespace earthcatalog::generate {
namespace {

constexpr TimeMicros kMicrosPerDay = 86'400 * kMicrosPerSecond;

struct Region {
  double west, east, south, north;  // degrees
  double weight;
  int epsg;  // of its map projection
};
constexpr Region kRegions[] = {
    {-55, -25, 61, 82, 0.30, 3413},     // Greenland
    {-153, -131, 58, 64, 0.18, 3413},   // Alaska
    {70, 96, 27, 39, 0.20, 32644},      // High Mountain Asia
    {-75, -69, -52, -30, 0.12, 32718},  // Andes
    {-180, 180, -84, -66, 0.20, 3031},  // Antarctica
};

// Centres of H3 cells of resolution 1, so that a footprint there touches one cell.
constexpr Position kSites[] = {{-52.161, 73.555}, {-48.099, 65.704},  {-133.094, 60.841}, {79.124, 33.261},
                               {86.005, 28.508},  {-69.146, -48.104}, {-71.489, -33.927}, {57.554, -72.361}};
constexpr int kConcentratedYears[] = {2005, 2024};

enum class Family : std::uint8_t { kLandsat, kSentinel1, kSentinel2 };
struct Platform {
  std::string_view name;
  Family family;
  int first_year, last_year;
  double weight;
};
constexpr Platform kPlatforms[] = {
    {"LC08", Family::kLandsat, 2013, 2025, 0.34},  {"LE07", Family::kLandsat, 1999, 2021, 0.14},
    {"LT05", Family::kLandsat, 1985, 2011, 0.07},  {"LC09", Family::kLandsat, 2021, 2025, 0.08},
    {"S2A", Family::kSentinel2, 2015, 2025, 0.11}, {"S2B", Family::kSentinel2, 2017, 2025, 0.08},
    {"S1A", Family::kSentinel1, 2014, 2025, 0.13}, {"S1B", Family::kSentinel1, 2016, 2021, 0.05},
};
constexpr int kDaysBetween[] = {6, 12, 16, 24, 32, 48, 64, 96, 176, 336, 368};

TimeMicros start_of_year(int year) {
  const std::chrono::sys_days day{std::chrono::year{year} / 1 / 1};
  return day.time_since_epoch().count() * kMicrosPerDay;
}

TimeMicros any_time(Random& random, TimeMicros from, int days) {
  return from + static_cast<TimeMicros>(random.uniform() * static_cast<double>(days * kMicrosPerDay));
}

std::string compact_date(TimeMicros time) {
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::microseconds>{std::chrono::microseconds{time}})};
  return fmt::format("{:04}{:02}{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string compact_time(TimeMicros time) {
  const auto second = static_cast<int>(time % kMicrosPerDay / kMicrosPerSecond);
  return fmt::format("{}T{:02}{:02}{:02}", compact_date(time), second / 3600, second / 60 % 60, second % 60);
}

// Named as the agencies name their scenes.
Scene make_scene(Random& random, const Platform& platform, TimeMicros time) {
  Scene scene{.id = {}, .frame = {}, .time = time};
  if (platform.family == Family::kLandsat) {
    scene.frame = fmt::format("{:03}{:03}", random.integer(1, 233), random.integer(1, 120));
    scene.id = fmt::format("{}_L1TP_{}_{}_{}_02_T1", platform.name, scene.frame, compact_date(time),
                           compact_date(time + 17 * kMicrosPerDay));
  } else if (platform.family == Family::kSentinel1) {
    scene.frame = fmt::format("{:03}_{:05}", random.integer(1, 175), random.integer(0, 99'999));
    scene.id = fmt::format("{}_IW_SLC__1SSH_{}_{}_{:06}_{:06X}_{:04X}", platform.name, compact_time(time),
                           compact_time(time + 27 * kMicrosPerSecond), random.integer(0, 99'999),
                           random.integer(0, 0xffffff), random.integer(0, 0xffff));
  } else {
    constexpr std::string_view kLetters = "CDEFGHJKLMNPQRSTUVWX";
    scene.frame = fmt::format("T{:02}", random.integer(1, 60));
    for (int i = 0; i < 3; ++i) scene.frame += kLetters[random.integer(0, static_cast<int>(kLetters.size()) - 1)];
    scene.id = fmt::format("{}_MSIL1C_{}_N0{:03}_R{:03}_{}_{}", platform.name, compact_time(time),
                           random.integer(204, 511), random.integer(1, 143), scene.frame, compact_time(time));
  }
  return scene;
}

// Spread evenly over the region's area, away from the antimeridian.
Position make_center(Random& random, const Region& region, const ItemOptions& options) {
  if (options.concentrate) {
    const Position site = kSites[random.integer(0, static_cast<int>(std::size(kSites)) - 1)];
    return {site.lon + random.uniform(-0.1, 0.1), site.lat + random.uniform(-0.1, 0.1)};
  }
  constexpr double kDegree = std::numbers::pi / 180;
  const double lat =
      std::asin(random.uniform(std::sin(region.south * kDegree), std::sin(region.north * kDegree))) / kDegree;
  const double limit = 180 - reach_degrees(lat);
  return {random.uniform(std::max(region.west, -limit), std::min(region.east, limit)), lat};
}

// Archives grow: late years have more scenes.
int make_year(Random& random, const Platform& platform, const ItemOptions& options) {
  if (options.concentrate) return random.integer(kConcentratedYears[0], kConcentratedYears[1]);
  const int years = platform.last_year - platform.first_year + 1;
  return platform.first_year + static_cast<int>(years * std::pow(random.uniform(), 0.6));
}

std::string make_folder(const Platform& platform, Position center) {
  constexpr std::string_view kFolders[] = {"landsatOLI", "sentinel1", "sentinel2"};
  const auto ten = [](double degrees) { return std::abs(static_cast<int>(std::floor(degrees / 10)) * 10); };
  return fmt::format("velocity_image_pair/{}/v02/{}{:02}{}{:03}", kFolders[static_cast<std::size_t>(platform.family)],
                     center.lat >= 0 ? 'N' : 'S', ten(center.lat), center.lon >= 0 ? 'E' : 'W', ten(center.lon));
}

Oddity oddity_of(std::int64_t index, const ItemOptions& options) {
  if (options.odd_every <= 0 || index % options.odd_every != options.odd_every - 1) return Oddity::kNone;
  return static_cast<Oddity>(1 + index / options.odd_every % kOddities);
}

}  // namespace

Item make_item(std::int64_t index, const ItemOptions& options) {
  Random random(options.seed, static_cast<std::uint64_t>(index));
  const Region& region = random.pick<Region>(kRegions);
  const Platform& platform = random.pick<Platform>(kPlatforms);
  Item item;
  item.oddity = oddity_of(index, options);
  item.center = make_center(random, region, options);
  item.geometry = item.oddity == Oddity::kNone ? make_footprint(random, item.center)
                                               : make_odd_footprint(random, item.center, item.oddity);
  item.epsg = region.epsg;
  item.platform = platform.name;
  item.radar = platform.family == Family::kSentinel1;
  item.days_between = kDaysBetween[random.integer(0, static_cast<int>(std::size(kDaysBetween)) - 1)];
  const TimeMicros half = item.days_between * kMicrosPerDay / 2;
  const TimeMicros middle = any_time(random, start_of_year(make_year(random, platform, options)), 365);
  item.first = make_scene(random, platform, middle - half);
  item.second = make_scene(random, platform, middle + half);
  item.percent_valid = random.integer(1, 100);
  item.orbit_state = !item.radar ? "N/A" : random.integer(0, 1) == 0 ? "ascending" : "descending";
  item.created = any_time(random, start_of_year(2025), 200);
  item.updated = item.created + random.integer(0, 60) * kMicrosPerDay;
  item.id = fmt::format("{}_X_{}_G0120V02_P{:03}_{:07}", item.first.id, item.second.id, item.percent_valid, index);
  item.folder = make_folder(platform, item.center);
  item.key = fmt::format("{}/{}.stac.json", item.folder, item.id);
  return item;
}

Item reprocessed(Item item) {
  constexpr std::string_view kVersion = "/v02/";
  item.folder.replace(item.folder.find(kVersion), kVersion.size(), "/v02r/");
  item.key = fmt::format("{}/{}.stac.json", item.folder, item.id);
  item.updated += 30 * kMicrosPerDay;
  return item;
}

}  // namespace earthcatalog::generate
