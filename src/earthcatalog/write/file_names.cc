#include "earthcatalog/write/file_names.h"

#include <fmt/format.h>

#include <charconv>

#include "earthcatalog/storage/stores.h"

namespace earthcatalog::write {

namespace {
constexpr std::string_view kPrefix = "part_";
}

FileNames::FileNames(std::string warehouse, std::string_view run_id, int first)
    : warehouse_(std::move(warehouse)), suffix_(run_id.substr(0, 8)), first_(first) {}

std::string FileNames::next(const Partition& partition) {
  int number = 0;
  {
    const MutexLock lock(mutex_);
    number = first_ + used_[partition]++;
  }
  return storage::join_uri(warehouse_, fmt::format("grid_partition={}/year={}/{}{:06}_{}.parquet", partition.cell,
                                                   year_name(partition.year), kPrefix, number, suffix_));
}

std::optional<int> part_number(std::string_view uri, std::string_view run_id) {
  auto name = uri.substr(uri.rfind('/') + 1);
  const auto end = fmt::format("_{}.parquet", run_id.substr(0, 8));
  if (!name.starts_with(kPrefix) || !name.ends_with(end)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(end.size());
  int number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == name.data() + name.size();
  return whole ? std::optional(number) : std::nullopt;
}

}  // namespace earthcatalog::write
