#include "earthcatalog/stac/read/known_properties.h"

#include <algorithm>
#include <array>
#include <utility>

namespace earthcatalog::stac {
namespace {

using enum ColumnType;

// Sorted bytewise. Common metadata, then extensions by prefix; names of STAC 0.9 and older where archives still hold
// them ("dtr:", "eo:" with what "view:" has now).
constexpr std::array kKnown = std::to_array<std::pair<std::string_view, ColumnType>>({
    {"created", kTimestamp},
    {"datetime", kTimestamp},
    {"deprecated", kBoolean},
    {"description", kString},
    {"dtr:end_datetime", kTimestamp},
    {"dtr:start_datetime", kTimestamp},
    {"end_datetime", kTimestamp},
    {"eo:azimuth", kDouble},
    {"eo:cloud_cover", kDouble},
    {"eo:epsg", kLong},
    {"eo:gsd", kDouble},
    {"eo:off_nadir", kDouble},
    {"eo:snow_cover", kDouble},
    {"eo:sun_azimuth", kDouble},
    {"eo:sun_elevation", kDouble},
    {"experimental", kBoolean},
    {"expires", kTimestamp},
    {"forecast:reference_datetime", kTimestamp},
    {"grid:code", kString},
    {"gsd", kDouble},
    {"insar:height_of_ambiguity", kDouble},
    {"insar:perpendicular_baseline", kDouble},
    {"insar:reference_datetime", kTimestamp},
    {"insar:secondary_datetime", kTimestamp},
    {"insar:temporal_baseline", kDouble},
    {"license", kString},
    {"mgrs:grid_square", kString},
    {"mgrs:latitude_band", kString},
    {"mgrs:utm_zone", kLong},
    {"mission", kString},
    {"order:date", kTimestamp},
    {"order:expiration_date", kTimestamp},
    {"pc:count", kLong},
    {"pc:density", kDouble},
    {"platform", kString},
    {"processing:datetime", kTimestamp},
    {"processing:facility", kString},
    {"processing:level", kString},
    {"processing:version", kString},
    {"proj:code", kString},
    {"proj:epsg", kLong},
    {"proj:wkt2", kString},
    {"published", kTimestamp},
    {"sar:center_frequency", kDouble},
    {"sar:looks_azimuth", kLong},
    {"sar:looks_equivalent_number", kDouble},
    {"sar:looks_range", kLong},
    {"sar:pixel_spacing_azimuth", kDouble},
    {"sar:pixel_spacing_range", kDouble},
    {"sar:relative_burst", kLong},
    {"sar:resolution_azimuth", kDouble},
    {"sar:resolution_range", kDouble},
    {"sat:absolute_orbit", kLong},
    {"sat:anx_datetime", kTimestamp},
    {"sat:relative_orbit", kLong},
    {"sci:citation", kString},
    {"sci:doi", kString},
    {"start_datetime", kTimestamp},
    {"storage:requester_pays", kBoolean},
    {"title", kString},
    {"unpublished", kTimestamp},
    {"version", kString},
    {"view:azimuth", kDouble},
    {"view:incidence_angle", kDouble},
    {"view:moon_azimuth", kDouble},
    {"view:moon_elevation", kDouble},
    {"view:off_nadir", kDouble},
    {"view:sun_azimuth", kDouble},
    {"view:sun_elevation", kDouble},
});
static_assert(std::ranges::is_sorted(kKnown, {}, &std::pair<std::string_view, ColumnType>::first));

constexpr std::array<std::string_view, 9> kMembers = {"id",   "geometry",        "assets",     "links", "stac_version",
                                                      "type", "stac_extensions", "collection", "bbox"};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::optional<ColumnType> known_property_type(std::string_view name) {
  const auto* found = std::ranges::lower_bound(kKnown, name, {}, &std::pair<std::string_view, ColumnType>::first);
  if (found == kKnown.end() || found->first != name) return std::nullopt;
  return found->second;
}

bool is_member_column(std::string_view name) { return std::ranges::find(kMembers, name) != kMembers.end(); }

std::string fold_name(std::string_view name) {
  std::string folded;
  folded.reserve(name.size());
  for (const char c : name) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      if (folded.empty() || folded.back() != '\x7f') folded += '\x7f';
    } else {
      folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return folded;
}

bool can_be_column(std::string_view name) {
  if (name.empty() || name.size() > 255 || name.front() == '_') return false;
  if (std::ranges::any_of(name, is_control)) return false;
  const std::string folded = fold_name(name);
  return folded != "year" && !folded.starts_with("geometry_bbox.");
}

}  // namespace earthcatalog::stac
