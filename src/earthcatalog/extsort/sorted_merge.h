// Many sorted sequences as one: what the indexes and the differ of inventories merge with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "earthcatalog/result.h"

namespace earthcatalog::extsort {

/// Calls `visit(cursor)` once for each element of all `cursors`, in ascending order.
///
/// A cursor stands at one element of a sorted sequence: `Result<bool> fill()` says whether there is one, and may read;
/// `advance()` steps behind it. `before(a, b)` compares the elements that two cursors stand at; of equal ones the later
/// cursor's comes first (which for runs of an index is the youngest). Memory is that of the cursors.
template <class Cursor, class Before, class Visit>
Status merge_sorted(std::vector<Cursor>& cursors, Before before, Visit visit) {
  // A heap of positions with the next element on top; `after` is the order that std::make_heap wants.
  const auto after = [&](std::size_t a, std::size_t b) {
    if (before(cursors[b], cursors[a])) return true;
    return a < b && !before(cursors[a], cursors[b]);
  };
  std::vector<std::size_t> heap;
  for (std::size_t i = 0; i < cursors.size(); ++i) {
    EC_ASSIGN_OR_RETURN(const bool filled, cursors[i].fill());
    if (filled) heap.push_back(i);
  }
  std::ranges::make_heap(heap, after);
  // The top changes and sinks to its place: half the work of taking it out and putting it in again.
  const auto sink = [&] {
    const std::size_t moved = heap.front();
    std::size_t at = 0;
    for (std::size_t child = 1; child < heap.size(); child = 2 * at + 1) {
      if (child + 1 < heap.size() && after(heap[child], heap[child + 1])) ++child;
      if (!after(moved, heap[child])) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = moved;
  };
  while (!heap.empty()) {
    Cursor& cursor = cursors[heap.front()];
    EC_TRY(visit(cursor));
    cursor.advance();
    EC_ASSIGN_OR_RETURN(const bool filled, cursor.fill());
    if (!filled) {
      heap.front() = heap.back();
      heap.pop_back();
    }
    if (heap.size() > 1) sink();
  }
  return {};
}

}  // namespace earthcatalog::extsort
