#include <algorithm>
#include <utility>

#include "earthcatalog/answer/column_writers.h"
#include "earthcatalog/answer/text_writers.h"
#include "earthcatalog/answer/writer.h"

namespace earthcatalog::answer {
namespace {

constexpr std::pair<std::string_view, Format> kFormats[] = {
    {"ndjson", Format::kNdjson},
    {"geojson", Format::kGeojson},
    {"ids", Format::kIds},
    {"uris", Format::kUris},
    {"csv", Format::kCsv},
    {"table", Format::kTable},
    {"arrow", Format::kArrow},
    {"geoparquet", Format::kGeoparquet},
    {"stac-geoparquet", Format::kStacGeoparquet},
};

}  // namespace

std::optional<Format> parse_format(std::string_view name) {
  const auto* const found = std::ranges::find(kFormats, name, &std::pair<std::string_view, Format>::first);
  return found == std::end(kFormats) ? std::nullopt : std::optional(found->second);
}

bool is_binary(Format format) {
  return format == Format::kArrow || format == Format::kGeoparquet || format == Format::kStacGeoparquet;
}

Result<std::unique_ptr<Writer>> make_writer(Format format, const read::TableReader& table, const WriterOptions& options,
                                            Output output) {
  switch (format) {
    case Format::kNdjson:
      return make_ndjson(table, options.fields, std::move(output));
    case Format::kGeojson:
      return make_geojson(table, options.fields, std::move(output));
    case Format::kIds:
      return make_ids(table, std::move(output));
    case Format::kUris:
      return make_uris(table, options.assets, std::move(output));
    case Format::kCsv:
      return make_csv(table, options.fields, std::move(output));
    case Format::kTable:
      return make_table(table, options.fields, std::move(output));
    case Format::kArrow:
      return make_arrow(table, options.fields, std::move(output));
    case Format::kGeoparquet:
      return make_geoparquet(table, options.fields, std::move(output));
    case Format::kStacGeoparquet:
      return make_stac_geoparquet(table, options, std::move(output));
    case Format::kCount:
      break;
  }
  return make_count(std::move(output));
}

}  // namespace earthcatalog::answer
