// Chooses among several rows of one object the one that counts.
#pragma once

#include <string>
#include <tuple>

#include "earthcatalog/extsort/object_sorter.h"

namespace earthcatalog::inventory {

/// The row that was modified last, then the one with the greatest etag, then the largest. Keeps all but the name.
class NewestObject {
 public:
  bool empty() const { return !kept_; }
  void clear() { kept_ = false; }

  /// True when `row` is the one that counts now.
  bool offer(const extsort::SortedObject& row) {
    const auto rank = [](const extsort::SortedObject& o) { return std::tie(o.last_modified, o.etag, o.size_bytes); };
    if (kept_ && rank(row) <= rank(row_)) return false;
    kept_ = true;
    etag_.assign(row.etag);
    row_ = row;
    row_.etag = etag_;
    return true;
  }
  /// Its name is not kept.
  const extsort::SortedObject& row() const { return row_; }

 private:
  bool kept_ = false;
  extsort::SortedObject row_;
  std::string etag_;
};

}  // namespace earthcatalog::inventory
