#include "earthcatalog/cli/options/partition_flags.h"

#include <charconv>

namespace earthcatalog::cli {

Result<std::optional<std::int32_t>> parse_year(const std::string& text) {
  if (text == "unknown") return std::optional<std::int32_t>();
  std::int32_t year = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), year);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return fail(ErrorKind::kInvalidArgument, "--year: '{}' is no year, nor unknown", text);
  }
  return std::optional(year - 1970);
}

void PartitionFlags::add(CLI::App& app) {
  app.add_option("--cell", cells, "only the partitions of this cell, by its name")->allow_extra_args(false);
  app.add_option("--year", years, "only the partitions of this year, or unknown")->allow_extra_args(false);
}

Result<iceberg::FileFilter> PartitionFlags::filter() const {
  iceberg::FileFilter filter;
  filter.cells.insert(cells.begin(), cells.end());
  for (const auto& text : years) {
    EC_ASSIGN_OR_RETURN(const auto year, parse_year(text));
    filter.years_since_1970.insert(year);
  }
  return filter;
}

}  // namespace earthcatalog::cli
