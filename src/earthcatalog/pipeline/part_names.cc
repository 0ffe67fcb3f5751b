#include "earthcatalog/pipeline/part_names.h"

#include <fmt/format.h>

#include "earthcatalog/storage/stores.h"

namespace earthcatalog::pipeline {

PartNames::PartNames(std::string warehouse, std::string_view run_id, int first)
    : warehouse_(std::move(warehouse)), suffix_(run_id.substr(0, 8)), first_(first) {}

std::string PartNames::next(const Bucket& bucket) {
  int number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = first_ + used_[bucket]++;
  }
  return storage::join_uri(warehouse_, fmt::format("grid_partition={}/year={}/part_{:06}_{}.parquet", bucket.cell,
                                                   year_name(bucket.year), number, suffix_));
}

}  // namespace earthcatalog::pipeline
