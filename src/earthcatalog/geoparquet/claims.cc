#include "earthcatalog/geoparquet/claims.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "earthcatalog/geoparquet/column_metrics.h"

namespace earthcatalog::geoparquet {
namespace {

bool has_bounds(const Layout& layout, std::size_t column) {
  return std::ranges::any_of(layout.leaves,
                             [&](const Leaf& leaf) { return std::cmp_equal(leaf.column, column) && leaf.bounded; });
}

}  // namespace

class ClaimCheck::Impl {
 public:
  Impl(std::shared_ptr<const Layout> layout, const iceberg::DataFile& claimed)
      : layout_(std::move(layout)), claimed_(claimed) {
    for (const Leaf& leaf : layout_->leaves) metrics_.emplace_back(leaf);
  }

  void add(const arrow::RecordBatch& rows) {
    rows_ += rows.num_rows();
    for (std::size_t i = 0; i < metrics_.size(); ++i) {
      const Leaf& leaf = layout_->leaves[i];
      const auto column = rows.column(leaf.column);
      if (leaf.child < 0) {
        metrics_[i].add(*column, nullptr);
      } else {
        const auto& parent = static_cast<const arrow::StructArray&>(*column);
        metrics_[i].add(*parent.field(leaf.child), &parent);
      }
    }
  }

  std::vector<Contradiction> finish() const {
    std::vector<Contradiction> found;
    if (rows_ != claimed_.record_count) {
      found.push_back({Contradiction::About::kCounts, fmt::format("{} rows, not {}", rows_, claimed_.record_count)});
    }
    for (const auto& metrics : metrics_) metrics.contradict(claimed_, found);
    return found;
  }

 private:
  const std::shared_ptr<const Layout> layout_;
  const iceberg::DataFile& claimed_;
  std::vector<ColumnMetrics> metrics_;
  std::int64_t rows_ = 0;
};

ClaimCheck::ClaimCheck(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClaimCheck::ClaimCheck(ClaimCheck&&) noexcept = default;
ClaimCheck::~ClaimCheck() = default;
void ClaimCheck::add(const arrow::RecordBatch& rows) { impl_->add(rows); }
std::vector<Contradiction> ClaimCheck::finish() const { return impl_->finish(); }

Result<ClaimReader> ClaimReader::make(const iceberg::Schema& schema) {
  ClaimReader reader;
  for (const auto& field : schema.fields) {
    const auto alone = make_layout({.fields = {field}});
    if (!alone && alone.error().kind == ErrorKind::kUnsupported) continue;  // of another engine's
    EC_TRY(alone);
    if (has_bounds(*alone, 0)) reader.schema_.fields.push_back(field);
  }
  EC_ASSIGN_OR_RETURN(Layout layout, make_layout(reader.schema_));
  reader.layout_ = std::make_shared<const Layout>(std::move(layout));
  return reader;
}

ClaimCheck ClaimReader::check(const iceberg::DataFile& claimed) const {
  return ClaimCheck(std::make_unique<ClaimCheck::Impl>(layout_, claimed));
}

}  // namespace earthcatalog::geoparquet
