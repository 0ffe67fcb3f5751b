#include "earthcatalog/stac/item_batch.h"

#include "earthcatalog/stac/read/batch_data.h"

namespace earthcatalog::stac {

ItemBatch::ItemBatch(std::shared_ptr<const ItemSchema> schema) : impl_(std::make_unique<Impl>(std::move(schema))) {}
ItemBatch::ItemBatch(ItemBatch&&) noexcept = default;
ItemBatch& ItemBatch::operator=(ItemBatch&&) noexcept = default;
ItemBatch::~ItemBatch() = default;

std::size_t ItemBatch::size() const { return impl_->rows(); }
std::int64_t ItemBatch::bytes() const { return impl_->bytes(); }
const ObservedProperties& ItemBatch::observed() const { return impl_->observed(); }

Result<std::shared_ptr<arrow::RecordBatch>> ItemBatch::finish(const ItemSchema& schema) {
  return impl_->finish(schema);
}

}  // namespace earthcatalog::stac
