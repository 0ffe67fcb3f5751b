#include "earthcatalog/grid/named_partitioner.h"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <utility>

#include "earthcatalog/base/mutex.h"

namespace earthcatalog::grid {
namespace {

// Cell n is the name n - 1: kNoCell is none of them. Thread-safe.
class MetNames {
 public:
  // Appends the cells of `names`, which are met now if they were not before.
  void append(const std::vector<std::string>& names, std::vector<Cell>& cells) {
    const MutexLock lock(mutex_);
    for (const auto& name : names) {
      const auto [at, is_new] = cells_.try_emplace(name, names_.size() + 1);
      if (is_new) names_.push_back(name);
      cells.push_back(at->second);
    }
  }
  std::string name(Cell cell) const {
    const MutexLock lock(mutex_);
    return names_.at(cell - 1);
  }
  std::optional<Cell> find(std::string_view name) const {
    const MutexLock lock(mutex_);
    const auto at = cells_.find(std::string(name));
    return at != cells_.end() ? std::optional(at->second) : std::nullopt;
  }

 private:
  mutable Mutex mutex_;
  std::deque<std::string> names_ EC_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Cell> cells_ EC_GUARDED_BY(mutex_);
};

struct Grid {
  NamesOf names_of;
  std::size_t most_at_once = 1;
  MetNames met{};
};

class NamedCoverer final : public Coverer {
 public:
  explicit NamedCoverer(std::shared_ptr<Grid> grid) : grid_(std::move(grid)) {}

  Status cover(std::string_view wkb, std::vector<Cell>& cells) override {
    const std::string footprint(wkb);
    auto covered = cover_many({&footprint, 1});
    EC_ASSIGN_OR_RETURN(cells, std::move(covered.front()));
    return {};
  }

  std::size_t most_at_once() const override { return grid_->most_at_once; }

  std::vector<Result<std::vector<Cell>>> cover_many(std::span<const std::string> footprints) override {
    auto names = grid_->names_of(footprints);
    if (names && names->size() != footprints.size()) {
      names =
          fail(ErrorKind::kInvalidArgument, "the partitioner named the cells of {} footprints, and was asked for {}",
               names->size(), footprints.size());
    }
    if (!names) return {footprints.size(), std::unexpected(names.error())};
    std::vector<Result<std::vector<Cell>>> covered;
    for (auto& of_one : *names) covered.push_back(cells_of(std::move(of_one)));
    return covered;
  }

 private:
  Result<std::vector<Cell>> cells_of(std::vector<std::string> names) {
    for (const auto& name : names) EC_TRY(check_cell_name(name));
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    std::vector<Cell> cells;
    grid_->met.append(names, cells);
    if (cells.empty()) cells.push_back(kNoCell);
    return cells;
  }

  std::shared_ptr<Grid> grid_;
};

class NamedPartitioner final : public Partitioner {
 public:
  NamedPartitioner(NamesOf names_of, std::size_t most_at_once)
      : grid_(std::make_shared<Grid>(std::move(names_of), most_at_once)) {}

  std::unique_ptr<Coverer> make_coverer() const override { return std::make_unique<NamedCoverer>(grid_); }
  std::string name(Cell cell) const override {
    return cell == kNoCell ? std::string(kNoCellName) : grid_->met.name(cell);
  }
  std::optional<Cell> find(std::string_view name) const override {
    return name == kNoCellName ? std::optional(kNoCell) : grid_->met.find(name);
  }

 private:
  std::shared_ptr<Grid> grid_;
};

}  // namespace

std::shared_ptr<const Partitioner> make_named_partitioner(NamesOf names_of, std::size_t most_at_once) {
  return std::make_shared<const NamedPartitioner>(std::move(names_of), most_at_once);
}

}  // namespace earthcatalog::grid
