#include "earthcatalog/backfill/tasks/lost_files.h"

#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "earthcatalog/base/parallel.h"

namespace earthcatalog::backfill {
namespace {

// Fewer are sooner asked for one by one, side by side.
constexpr std::size_t kWorthAListing = 100;
// Of a warehouse that holds far more files the listing takes longer than the requests that it saves.
constexpr std::size_t kMostListedForEach = 20;

// The numbers of the files that a listing does not show.
Result<std::vector<std::size_t>> not_listed(storage::Stores& stores, const std::string& warehouse,
                                            std::span<const iceberg::DataFile> files) {
  std::unordered_map<std::string_view, std::size_t> open;
  for (std::size_t i = 0; i < files.size(); ++i) open.emplace(files[i].file_path, i);
  if (files.size() >= kWorthAListing) {
    EC_ASSIGN_OR_RETURN(const auto where, stores.locate(storage::join_uri(warehouse, "grid_partition=")));
    std::size_t room = kMostListedForEach * files.size();
    const auto status = where.store->list(where.key, [&](const storage::ObjectInfo& info) -> Status {
      const auto found = open.find(where.store->uri(info.key));
      if (found != open.end() && files[found->second].file_size_in_bytes == info.size_bytes) open.erase(found);
      return --room > 0 ? Status() : Status(fail(ErrorKind::kCancelled, "enough is listed"));
    });
    if (!status && status.error().kind != ErrorKind::kCancelled) return std::unexpected(status.error());
  }
  std::vector<std::size_t> numbers;
  for (const auto& [uri, number] : open) numbers.push_back(number);
  return numbers;
}

}  // namespace

Result<std::optional<std::size_t>> find_lost(storage::Stores& stores, const std::string& warehouse,
                                             std::span<const iceberg::DataFile> files) {
  EC_ASSIGN_OR_RETURN(const auto numbers, not_listed(stores, warehouse, files));
  std::mutex mutex;  // of `lost`
  std::optional<std::size_t> lost;
  EC_TRY(parallel_for(numbers.size(), stores.parallel(1), [&](std::size_t i) -> Status {
    const auto& file = files[numbers[i]];
    EC_ASSIGN_OR_RETURN(const auto where, stores.locate(file.file_path));
    EC_ASSIGN_OR_RETURN(const auto info, where.store->head(where.key));
    if (info && info->size_bytes == file.file_size_in_bytes) return {};
    const std::lock_guard lock(mutex);
    lost = numbers[i];
    return {};
  }));
  return lost;
}

}  // namespace earthcatalog::backfill
