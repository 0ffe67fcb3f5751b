// One by one what a HashSorter gives part by part.
#pragma once

#include <span>

#include "earthcatalog/extsort/hash_sorter.h"
#include "earthcatalog/result.h"

namespace earthcatalog::extsort {

/// Steps through the records of `sorter` in order. Not thread-safe.
template <class Record>
class PartCursor {
 public:
  /// `sorter` must outlive it; nothing may be added to it any more.
  explicit PartCursor(HashSorter<Record>& sorter) : sorter_(sorter) {}

  /// The record that it stands at, valid until advance(); null at the end.
  Result<const Record*> peek() {
    if (part_.empty() && !ended_) {
      EC_ASSIGN_OR_RETURN(part_, sorter_.next_part());
      ended_ = part_.empty();
    }
    return ended_ ? nullptr : &part_.front();
  }
  void advance() { part_ = part_.subspan(1); }

 private:
  HashSorter<Record>& sorter_;
  std::span<const Record> part_;
  bool ended_ = false;
};

}  // namespace earthcatalog::extsort
