// Bytes under construction. Large ones are pages of their own, which grow by being mapped elsewhere instead of copied,
// an eighth at a time: a batch holds little more than its rows need, and gives all of it back to the system.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace earthcatalog::stac {

class GrowBuffer {
 public:
  GrowBuffer() = default;
  GrowBuffer(GrowBuffer&& other) noexcept;
  GrowBuffer& operator=(GrowBuffer&& other) noexcept;
  ~GrowBuffer();

  char* data() { return data_; }
  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data_, size_}; }
  std::string_view view(std::size_t from) const { return {data_ + from, size_ - from}; }

  /// Room for `n` more bytes: where they go. advance() then makes those that were written part of the buffer.
  char* reserve(std::size_t n) {
    if (capacity_ - size_ < n) grow(n);
    return data_ + size_;
  }
  void advance(std::size_t n) { size_ += n; }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void push_back(char byte) {
    *reserve(1) = byte;
    ++size_;
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void append_value(T value) {
    std::memcpy(reserve(sizeof value), &value, sizeof value);
    size_ += sizeof value;
  }
  void append_zeros(std::size_t n) {
    if (n == 0) return;
    std::memset(reserve(n), 0, n);
    size_ += n;
  }
  void truncate(std::size_t size) { size_ = size; }
  void shrink_to_fit();

 private:
  static constexpr std::size_t kMappedBytes = std::size_t{1} << 20;  // from here on pages, below malloc

  bool is_mapped() const { return capacity_ >= kMappedBytes; }
  void grow(std::size_t n);
  void grow_mapped(std::size_t capacity);

  char* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace earthcatalog::stac
