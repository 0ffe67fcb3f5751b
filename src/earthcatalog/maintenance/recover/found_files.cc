#include "earthcatalog/maintenance/recover/found_files.h"

#include <algorithm>
#include <charconv>

#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/metadata/values.h"

namespace earthcatalog::maintenance {
namespace {

constexpr std::string_view kCell = "/grid_partition=", kYear = "/year=", kUnknownYear = "unknown";

std::unexpected<Error> in_wrong_folder(const iceberg::DataFile& file, std::string_view what) {
  return fail(ErrorKind::kInvalidData, "{} has rows of another {} than its folder says; move it away, and run again",
              file.file_path, what);
}

}  // namespace

std::optional<iceberg::PartitionKey> partition_of_name(std::string_view uri) {
  const auto cell_at = uri.rfind(kCell);
  const auto year_at = uri.rfind(kYear);
  if (cell_at == uri.npos || year_at == uri.npos || year_at < cell_at || !uri.ends_with(".parquet")) return {};
  const std::string_view cell = uri.substr(cell_at + kCell.size(), year_at - cell_at - kCell.size());
  const std::string_view rest = uri.substr(year_at + kYear.size());
  const std::string_view year = rest.substr(0, rest.find('/'));
  const bool one_file = std::ranges::count(rest, '/') == 1;
  if (cell.empty() || cell.find('/') != cell.npos || !one_file) return {};
  iceberg::PartitionKey partition{.cell = std::string(cell), .year_since_1970 = {}};
  if (year == kUnknownYear) return partition;
  int number = 0;
  const auto [end, error] = std::from_chars(year.data(), year.data() + year.size(), number);
  if (error != std::errc() || end != year.data() + year.size()) return {};
  partition.year_since_1970 = number - 1970;
  return partition;
}

Result<std::vector<FoundFile>> find_data_files(storage::Stores& stores, const std::string& warehouse) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(storage::join_uri(warehouse, "grid_partition=")));
  std::vector<FoundFile> files;
  EC_TRY(where.store->list(where.key, [&](const storage::ObjectInfo& info) -> Status {
    FoundFile found{.file = {}, .modified = info.last_modified.value_or(0)};
    found.file.file_path = where.store->uri(info.key);
    const auto partition = partition_of_name(found.file.file_path);
    if (!partition) return {};
    found.file.partition = *partition;
    found.file.file_size_in_bytes = info.size_bytes;
    files.push_back(std::move(found));
    return {};
  }));
  return files;
}

Status check_partition(const iceberg::DataFile& file, const iceberg::Schema& schema) {
  const auto* cell = schema.find("grid_partition");
  if (const auto* lower = cell != nullptr ? file.lower_bounds.find(cell->field_id) : nullptr) {
    const auto* upper = file.upper_bounds.find(cell->field_id);
    const std::string wanted = file.partition.cell.value_or("");
    const bool same = *lower == iceberg::truncate_lower_bound(wanted) &&
                      (upper == nullptr || *upper == iceberg::truncate_upper_bound(wanted));
    if (!same) return in_wrong_folder(file, "cell");
  }
  const auto* time = schema.find("datetime");
  const auto* lower = time != nullptr ? file.lower_bounds.find(time->field_id) : nullptr;
  const auto* upper = time != nullptr ? file.upper_bounds.find(time->field_id) : nullptr;
  if (lower == nullptr || upper == nullptr) return {};
  for (const auto* bound : {lower, upper}) {
    const auto micros = iceberg::deserialize_long(*bound);
    if (micros && iceberg_year(*micros) != file.partition.year_since_1970) return in_wrong_folder(file, "year");
  }
  return {};
}

}  // namespace earthcatalog::maintenance
