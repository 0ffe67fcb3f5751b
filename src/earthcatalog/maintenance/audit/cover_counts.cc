#include "earthcatalog/maintenance/audit/cover_counts.h"

#include <arrow/array.h>

#include <utility>

namespace earthcatalog::maintenance {

void CoverCounts::set(const arrow::Array& geometries, std::span<RowFact> facts) {
  if (!grid_) return;
  const auto& footprints = static_cast<const arrow::BinaryArray&>(geometries);
  auto coverer = take();
  std::vector<grid::Cell> cells;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].what != RowFact::What::kPrimaryRow) continue;
    const auto row = static_cast<std::int64_t>(i);
    facts[i].cover = 1;  // without a place, or in too many: the cell __none__
    if (footprints.IsNull(row) || !coverer->cover(footprints.GetView(row), cells)) continue;
    facts[i].cover = static_cast<std::uint32_t>(cells.size());
  }
  give_back(std::move(coverer));
}

std::unique_ptr<grid::Coverer> CoverCounts::take() {
  const MutexLock lock(mutex_);
  if (idle_.empty()) return grid_->make_coverer();
  auto coverer = std::move(idle_.back());
  idle_.pop_back();
  return coverer;
}

void CoverCounts::give_back(std::unique_ptr<grid::Coverer> coverer) {
  const MutexLock lock(mutex_);
  idle_.push_back(std::move(coverer));
}

}  // namespace earthcatalog::maintenance
