#include "earthcatalog/grid/h3_partitioner.h"

#include <h3api.h>

#include <charconv>

#include "earthcatalog/grid/h3_cover.h"

namespace earthcatalog::grid {
namespace {

constexpr int kFinestResolution = 15;

class H3Partitioner final : public Partitioner {
 public:
  explicit H3Partitioner(int resolution) : resolution_(resolution) {}

  std::unique_ptr<Coverer> make_coverer() const override { return make_h3_coverer(resolution_); }

  std::string name(Cell cell) const override {
    return cell == kNoCell ? std::string(kNoCellName) : fmt::format("{:x}", cell);
  }

  std::optional<Cell> find(std::string_view name) const override {
    if (name == kNoCellName) return kNoCell;
    Cell cell = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), cell, 16);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    const bool ours = isValidCell(cell) != 0 && getResolution(cell) == resolution_;
    return ours && this->name(cell) == name ? std::optional(cell) : std::nullopt;
  }

 private:
  int resolution_;
};

}  // namespace

Result<std::shared_ptr<const Partitioner>> make_h3_partitioner(int resolution) {
  if (resolution < 0 || resolution > kFinestResolution) {
    return fail(ErrorKind::kInvalidArgument, "H3 resolution {}: resolutions go from 0 (coarse) to {} (fine)",
                resolution, kFinestResolution);
  }
  return std::make_shared<const H3Partitioner>(resolution);
}

}  // namespace earthcatalog::grid
