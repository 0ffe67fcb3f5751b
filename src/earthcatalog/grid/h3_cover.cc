#include "earthcatalog/grid/h3_cover.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "earthcatalog/grid/footprint.h"
#include "earthcatalog/grid/h3_cells.h"
#include "earthcatalog/grid/interior.h"

namespace earthcatalog::grid {
namespace {

using Slot = H3Cells::Slot;

/// Cells that a coverer keeps between footprints; some 600 bytes each.
constexpr std::size_t kKeptCells = 1 << 15;

/// Pieces of an outline bend at most this far, and at most a tenth of a cell's edge: short enough that most cells are
/// told apart at the first look, long enough that a piece crosses many small cells.
constexpr double kLargestBend = 1.25e-3;

class H3Coverer final : public Coverer {
 public:
  explicit H3Coverer(int resolution)
      : cells_(resolution), piece_bend_(std::min(kLargestBend, cells_.edge_length() / 10)) {}

  Status cover(std::string_view wkb, std::vector<Cell>& cells) override {
    cells.clear();
    visits_ = 0;
    EC_TRY(read_wkb(wkb, footprint_));
    if (cells_.size() > kKeptCells) cells_.clear();
    try {
      for (const auto& part : footprint_.parts) EC_TRY(cover_part(part, cells));
    } catch (const H3Failure& failure) {
      return fail(ErrorKind::kInvalidData, "{}", failure.what());
    }
    std::ranges::sort(cells);
    cells.erase(std::ranges::unique(cells).begin(), cells.end());
    if (cells.empty()) cells.push_back(kNoCell);
    return {};
  }

 private:
  Status cover_part(const Footprint::Part& part, std::vector<Cell>& cells) {
    if (part.kind == Footprint::Kind::kPoint) {
      cells.push_back(cells_.locate(footprint_.path(part.first_path)[0]));
      return {};
    }
    ++part_;
    touched_.clear();
    bool may_enclose_cells = false;
    for (std::uint32_t i = 0; i < part.path_count; ++i) {
      const auto path = footprint_.path(part.first_path + i);
      trace_longitudes(path, course_);
      may_enclose_cells |= course_.winding != 0 || course_.full_circle;
      EC_TRY(trace(path));
    }
    // No four cells surround a fifth, and what they leave of the sphere holds a pole, which is outside.
    may_enclose_cells |= touched_.size() > 4;
    if (part.kind == Footprint::Kind::kPolygon && may_enclose_cells) EC_TRY(fill(part));
    for (const Slot slot : touched_) cells.push_back(cells_.index(slot));
    return {};
  }

  /// Adds to `touched_` the cells that the path, whose course is `course_`, touches.
  Status trace(std::span<const LonLat> path) {
    Slot here = cells_.slot_at(path[0]);
    touch(here);
    Vec3 from = to_vector(path[0]);
    double depth = cells_.depth(here, from);
    for (std::size_t i = 0; i < course_.steps.size(); ++i) {
      if (touched_.size() == cells_.count_on_globe()) return {};
      const LonLat step{course_.steps[i], path[i + 1].lat - path[i].lat};
      if (step.lon == 0 && step.lat == 0) continue;
      const Vec3 to = to_vector(path[i + 1]);
      const Piece edge = make_piece(path[i], step, from, to);
      const int pieces = static_cast<int>(std::ceil(std::sqrt(edge.bend / piece_bend_)));
      if (pieces <= 1) {
        EC_TRY(follow(edge, here, depth));
      } else {
        EC_TRY(follow_in_pieces(edge, pieces, here, depth));
      }
      from = to;
    }
    return {};
  }

  Status follow_in_pieces(const Piece& edge, int count, Slot& here, double& depth) {
    const LonLat step{edge.step.lon / count, edge.step.lat / count};
    LonLat origin = edge.origin;
    Vec3 from = edge.from;
    for (int i = 1; i <= count; ++i) {
      const LonLat end{edge.origin.lon + i * step.lon, edge.origin.lat + i * step.lat};
      const Vec3 to = i == count ? edge.to : to_vector(end);
      EC_TRY(follow(make_piece(origin, step, from, to), here, depth));
      origin = end;
      from = to;
    }
    return {};
  }

  /// Goes along a piece from the cell `here`, in which it begins, to the cell in which it ends. `depth` is how deep its
  /// ends lie in those cells.
  Status follow(const Piece& piece, Slot& here, double& depth) {
    const double end_depth = cells_.depth(here, piece.to);
    if (std::min(depth, end_depth) > piece.bend + kTouchRadians) {
      depth = end_depth;
      return {};
    }
    ++piece_;
    reached_.assign(1, here);
    cells_.marks(here).piece = piece_;
    for (std::size_t i = 0; i < reached_.size(); ++i) {
      touch(reached_[i]);
      if (touched_.size() > kMaxCoverCells) return too_many();
      if (++visits_ > kMaxCoverVisits) return too_long();
      for (auto& edge : cells_.edges(reached_[i])) {
        const bool known = edge.across != H3Cells::kUnknown;
        if ((known && cells_.marks(edge.across).piece == piece_) || !touches(edge.arc, piece)) continue;
        const Slot next = cells_.across(edge);
        if (std::exchange(cells_.marks(next).piece, piece_) != piece_) reached_.push_back(next);
      }
    }
    settle(piece, here, depth);
    return {};
  }

  /// Finds the cell, of those that the piece reached, in which it ends: most likely one of the last.
  void settle(const Piece& piece, Slot& here, double& depth) {
    for (auto slot = reached_.rbegin(); slot != reached_.rend(); ++slot) {
      depth = cells_.depth(*slot, piece.to);
      if (depth > kTouchRadians) {
        here = *slot;
        return;
      }
    }
    // On an edge, or in a cell that an edge of the icosahedron bends inward.
    here = cells_.slot_at({piece.origin.lon + piece.step.lon, piece.origin.lat + piece.step.lat});
    depth = cells_.depth(here, piece.to);
    touch(here);
  }

  void touch(Slot slot) {
    auto& mark = cells_.marks(slot).part;
    if (mark == part_) return;
    mark = part_;
    touched_.push_back(slot);
  }

  /// Adds to `touched_` the cells that lie in the polygon without touching its rings. Such cells hang together up to
  /// the rings, so that one point decides for all that can be reached.
  Status fill(const Footprint::Part& part) {
    interior_.clear();
    for (std::uint32_t i = 0; i < part.path_count; ++i) {
      const auto ring = footprint_.path(part.first_path + i);
      trace_longitudes(ring, course_);
      interior_.add_ring(ring, course_);
    }
    fringe_.clear();
    for (const Slot slot : touched_) {
      for (const Slot next : cells_.neighbors(slot)) {
        auto& marks = cells_.marks(next);
        if (marks.part == part_ || marks.fringe == part_) continue;
        marks.fringe = part_;
        fringe_.push_back(next);
      }
    }
    for (const Slot slot : fringe_) {
      if (cells_.marks(slot).fill != part_) EC_TRY(flood(slot, interior_.contains(cells_.center(slot))));
    }
    return {};
  }

  /// Visits what can be reached from `start` without touching a ring: all of it inside the polygon, outside only the
  /// fringe, the cells beside touched ones.
  Status flood(Slot start, bool inside) {
    reached_.assign(1, start);
    cells_.marks(start).fill = part_;
    while (!reached_.empty()) {
      const Slot slot = reached_.back();
      reached_.pop_back();
      if (inside) touched_.push_back(slot);
      if (touched_.size() > kMaxCoverCells) return too_many();
      for (const Slot next : cells_.neighbors(slot)) {
        auto& marks = cells_.marks(next);
        if (marks.part == part_ || marks.fill == part_ || (!inside && marks.fringe != part_)) continue;
        marks.fill = part_;
        reached_.push_back(next);
      }
    }
    return {};
  }

  std::unexpected<Error> too_many() const {
    return fail(ErrorKind::kUnsupported,
                "the footprint touches more than {} cells; use a coarser H3 resolution, or leave this item out",
                kMaxCoverCells);
  }
  std::unexpected<Error> too_long() const {
    return fail(
        ErrorKind::kUnsupported,
        "the footprint's outline enters cells more than {} times; use a coarser H3 resolution, or leave this item "
        "out",
        kMaxCoverVisits);
  }

  H3Cells cells_;
  double piece_bend_;
  Footprint footprint_;
  LonCourse course_;
  Interior interior_;
  std::vector<Slot> touched_, reached_, fringe_;
  std::uint64_t part_ = 0, piece_ = 0;
  std::size_t visits_ = 0;
};

}  // namespace

std::unique_ptr<Coverer> make_h3_coverer(int resolution) { return std::make_unique<H3Coverer>(resolution); }

}  // namespace earthcatalog::grid
