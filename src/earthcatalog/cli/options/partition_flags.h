// Options that choose cells and years of a table.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cli {

/// Returns Iceberg's value for a year, "2020" or "unknown".
Result<std::optional<std::int32_t>> parse_year(const std::string& text);

struct PartitionFlags {
  std::vector<std::string> cells, years;
  /// Declares --cell and --year, each of which may be given several times.
  void add(CLI::App& app);
  /// kInvalidArgument for a --year that is none.
  Result<iceberg::FileFilter> filter() const;
};

}  // namespace earthcatalog::cli
