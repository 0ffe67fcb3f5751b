#include "earthcatalog/write/file_names.h"

#include <fmt/format.h>

#include "earthcatalog/storage/stores.h"

namespace earthcatalog::write {

FileNames::FileNames(std::string warehouse, std::string_view run_id, int first)
    : warehouse_(std::move(warehouse)), suffix_(run_id.substr(0, 8)), first_(first) {}

std::string FileNames::next(const Partition& partition) {
  int number = 0;
  {
    const MutexLock lock(mutex_);
    number = first_ + used_[partition]++;
  }
  return storage::join_uri(warehouse_, fmt::format("grid_partition={}/year={}/part_{:06}_{}.parquet", partition.cell,
                                                   year_name(partition.year), number, suffix_));
}

}  // namespace earthcatalog::write
