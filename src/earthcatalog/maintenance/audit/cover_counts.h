// Counts how many rows an item should have, by its footprint.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/maintenance/audit/row_facts.h"
#include "earthcatalog/result.h"

namespace arrow {
class Array;
}

namespace earthcatalog::maintenance {

/// Counts the cells that footprints touch. Thread-safe.
class CoverCounts {
 public:
  /// Without a grid nothing is set: how many rows there should be is not known.
  explicit CoverCounts(std::shared_ptr<const grid::Partitioner> grid) : grid_(std::move(grid)) {}

  /// Sets `cover` in those of `facts`, one for each of `geometries` (WKB), that are of primary rows: an item has one.
  void set(const arrow::Array& geometries, std::span<RowFact> facts);

 private:
  std::unique_ptr<grid::Coverer> take();
  void give_back(std::unique_ptr<grid::Coverer> coverer);

  const std::shared_ptr<const grid::Partitioner> grid_;
  Mutex mutex_;
  std::vector<std::unique_ptr<grid::Coverer>> idle_ EC_GUARDED_BY(mutex_);  // they keep the cells that they met
};

}  // namespace earthcatalog::maintenance
