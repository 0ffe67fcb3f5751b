#include "earthcatalog/inventory/formats/byte_source.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <algorithm>
#include <cstring>

#include "earthcatalog/inventory/formats/arrow_internal.h"

namespace earthcatalog::inventory {
namespace {

constexpr std::int64_t kBlockBytes = 4 << 20;

}  // namespace

Result<std::size_t> FileSource::read(std::span<char> into) {
  if (!block_ || block_used_ == static_cast<std::size_t>(block_->size())) {
    auto block = file_->ReadAt(position_, kBlockBytes);
    EC_TRY(from_arrow(block.status(), fmt::format("reading from byte {}", position_)));
    block_ = std::move(block).ValueUnsafe();
    block_used_ = 0;
    position_ += block_->size();
  }
  const std::size_t size = std::min(into.size(), static_cast<std::size_t>(block_->size()) - block_used_);
  if (size > 0) std::memcpy(into.data(), block_->data() + block_used_, size);
  block_used_ += size;
  return size;
}

std::optional<double> FileSource::share_read() const {
  const auto size = file_->GetSize();
  if (!size.ok() || *size <= 0) return std::nullopt;
  const auto waiting = block_ ? block_->size() - static_cast<std::int64_t>(block_used_) : 0;
  return static_cast<double>(position_ - waiting) / static_cast<double>(*size);
}

}  // namespace earthcatalog::inventory
