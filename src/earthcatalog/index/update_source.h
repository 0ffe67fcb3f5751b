// The changes of a commit as a sequence that can be merged with runs.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/index/index_merge.h"
#include "earthcatalog/index/object_index.h"

namespace earthcatalog::index {

/// By ascending object; of several changes of one object the last counts. Copies a piece at a time: the entries stay
/// where they are, because a commit may have to be made again. `update` must outlive it.
class UpdateSource final : public EntrySource {
 public:
  explicit UpdateSource(const IndexUpdate& update);
  std::size_t size() const { return order_.size(); }
  Result<std::vector<RunEntry>> next() override;

 private:
  const IndexUpdate& update_;
  std::vector<std::pair<Hash128, std::size_t>> order_;  // object, number of its change
  std::size_t next_ = 0;
};

}  // namespace earthcatalog::index
