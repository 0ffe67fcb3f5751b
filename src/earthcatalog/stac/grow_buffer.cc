#include "earthcatalog/stac/grow_buffer.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace earthcatalog::stac {
namespace {

constexpr std::size_t kSmallestBytes = 64;
constexpr std::size_t kLargeBytes = std::size_t{1} << 20;

}  // namespace

GrowBuffer::GrowBuffer(GrowBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

GrowBuffer& GrowBuffer::operator=(GrowBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

GrowBuffer::~GrowBuffer() { std::free(data_); }

void GrowBuffer::grow(std::size_t n) {
  const std::size_t more = capacity_ < kLargeBytes ? capacity_ : capacity_ / 4;
  const std::size_t capacity = std::max({size_ + n, capacity_ + more, kSmallestBytes});
  void* data = std::realloc(data_, capacity);
  if (data == nullptr) throw std::bad_alloc();
  data_ = static_cast<char*>(data);
  capacity_ = capacity;
}

void GrowBuffer::shrink_to_fit() {
  if (size_ == capacity_ || size_ == 0) return;
  if (void* data = std::realloc(data_, size_)) {
    data_ = static_cast<char*>(data);
    capacity_ = size_;
  }
}

}  // namespace earthcatalog::stac
