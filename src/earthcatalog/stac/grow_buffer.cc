#include "earthcatalog/stac/grow_buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace earthcatalog::stac {
namespace {

constexpr std::size_t kSmallestBytes = 64;
constexpr std::size_t kPage = 4096;

std::size_t round_up(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

// Takes the pages from the system at once: a fault for each costs a fifth of all parsing.
void populate([[maybe_unused]] char* data, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_POPULATE_WRITE
  madvise(data, bytes, MADV_POPULATE_WRITE);  // older kernels refuse, and fault later
#endif
}

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

GrowBuffer::~GrowBuffer() {
  if (is_mapped()) {
    munmap(data_, capacity_);
  } else {
    std::free(data_);
  }
}

void GrowBuffer::grow(std::size_t n) {
  const std::size_t more = is_mapped() ? capacity_ / 8 : capacity_;
  const std::size_t capacity = std::max({size_ + n, capacity_ + more, kSmallestBytes});
  if (capacity >= kMappedBytes) return grow_mapped(round_up(capacity));
  void* data = std::realloc(data_, capacity);
  if (data == nullptr) throw std::bad_alloc();
  data_ = static_cast<char*>(data);
  capacity_ = capacity;
}

void GrowBuffer::grow_mapped(std::size_t capacity) {
  void* data = is_mapped() ? mremap(data_, capacity_, capacity, MREMAP_MAYMOVE)
                           : mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) throw std::bad_alloc();
  std::size_t old_capacity = capacity_;
  if (!is_mapped()) {
    if (size_ > 0) std::memcpy(data, data_, size_);
    std::free(data_);
    old_capacity = 0;
  }
  data_ = static_cast<char*>(data);
  capacity_ = capacity;
  populate(data_ + old_capacity, capacity - old_capacity);
}

void GrowBuffer::shrink_to_fit() {
  if (size_ == 0) return;
  const std::size_t capacity = is_mapped() ? std::max(round_up(size_), kMappedBytes) : size_;
  if (capacity >= capacity_) return;
  void* data = is_mapped() ? mremap(data_, capacity_, capacity, 0) : std::realloc(data_, capacity);
  if (data == nullptr || data == MAP_FAILED) return;
  data_ = static_cast<char*>(data);
  capacity_ = capacity;
}

}  // namespace earthcatalog::stac
