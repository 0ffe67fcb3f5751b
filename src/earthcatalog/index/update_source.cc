#include "earthcatalog/index/update_source.h"

#include <algorithm>

namespace earthcatalog::index {

UpdateSource::UpdateSource(const IndexUpdate& update) : update_(update) {
  order_.reserve(update.forgotten.size() + update.entries.size());
  for (const auto& object : update.forgotten) order_.emplace_back(object, order_.size());
  for (const auto& entry : update.entries) order_.emplace_back(entry.object, order_.size());
  std::ranges::sort(order_);
  std::size_t kept = 0;
  for (const auto& change : order_) {
    if (kept > 0 && order_[kept - 1].first == change.first) --kept;
    order_[kept++] = change;
  }
  order_.resize(kept);
}

Result<std::vector<RunEntry>> UpdateSource::next() {
  constexpr std::size_t kPiece = 1024;
  std::vector<RunEntry> piece(std::min(kPiece, order_.size() - next_));
  for (RunEntry& entry : piece) {
    const auto& [object, number] = order_[next_++];
    entry.forgotten = number < update_.forgotten.size();
    if (entry.forgotten) {
      entry.entry.object = object;
    } else {
      entry.entry = update_.entries[number - update_.forgotten.size()];
    }
  }
  return piece;
}

}  // namespace earthcatalog::index
