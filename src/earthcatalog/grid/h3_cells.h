// The cells of one H3 resolution as shapes on the sphere, computed once each and kept.
#pragma once

#include <h3api.h>

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <vector>

#include "earthcatalog/grid/arc.h"

namespace earthcatalog::grid {

/// H3 refused what it must accept: caught at the module's edge.
class H3Failure : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Not thread-safe: one per coverer. Cells are known by slots, small numbers that stay valid until clear().
class H3Cells {
 public:
  using Slot = std::uint32_t;
  static constexpr int kMaxNeighbors = 6;
  struct Neighbors {
    std::array<Slot, kMaxNeighbors> slots;
    int count = 0;
    const Slot* begin() const { return slots.data(); }
    const Slot* end() const { return slots.data() + count; }
  };
  /// Room for the algorithms that walk over the cells: each stores the number of its walk here.
  struct Marks {
    std::uint64_t piece = 0, part = 0, fringe = 0, fill = 0;
  };

  explicit H3Cells(int resolution);

  Slot slot(H3Index cell);
  Slot slot_at(LonLat point) { return slot(locate(point)); }
  H3Index locate(LonLat point) const;
  H3Index index(Slot slot) const { return cells_[slot].index; }
  Marks& marks(Slot slot) { return cells_[slot].marks; }

  struct Edge {
    Arc arc;
    Slot across;  ///< the cell on the other side; kUnknown until asked for
  };
  static constexpr Slot kUnknown = ~Slot{0};

  /// The cell's edges in order: its boundary, broken where it crosses an edge of the icosahedron. Valid until edges()
  /// or clear() is called again.
  std::span<Edge> edges(Slot slot) {
    if (cells_[slot].edge_count == 0) build_edges(slot);
    return {edges_.data() + cells_[slot].first_edge, cells_[slot].edge_count};
  }
  Slot across(Edge& edge);
  /// Returns how far inside all planes of the cell's edges a point lies (the sine of the angle): positive only inside.
  double depth(Slot slot, const Vec3& point) {
    double depth = std::numeric_limits<double>::infinity();
    for (const auto& edge : edges(slot)) {
      const double height = dot(edge.arc.normal, point);
      depth = height < depth ? height : depth;
    }
    return depth;
  }
  /// The cells that share an edge with this one.
  const Neighbors& neighbors(Slot slot) {
    if (cells_[slot].neighbors.count == 0) find_neighbors(slot);
    return cells_[slot].neighbors;
  }
  LonLat center(Slot slot) const;

  /// The average of the grid's cells, in radians.
  double edge_length() const { return edge_length_; }
  std::size_t count_on_globe() const { return count_on_globe_; }
  /// Cells that have a slot.
  std::size_t size() const { return cells_.size(); }
  void clear();

 private:
  struct Entry {
    H3Index index = 0;
    std::uint32_t first_edge = 0, edge_count = 0;
    Neighbors neighbors;
    Marks marks;
  };
  void build_edges(Slot slot);
  void find_neighbors(Slot slot);

  int resolution_;
  double edge_length_;  ///< on average, in radians
  std::size_t count_on_globe_;
  std::vector<Entry> cells_;
  std::vector<Edge> edges_;
  std::unordered_map<H3Index, Slot> slots_;
};

}  // namespace earthcatalog::grid
