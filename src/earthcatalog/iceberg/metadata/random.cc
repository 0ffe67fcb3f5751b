#include <fmt/format.h>

#include <random>

#include "earthcatalog/iceberg/metadata/random_internal.h"

namespace earthcatalog::iceberg {
namespace {

std::uint64_t random_bits() {
  std::random_device device;  // the kernel's: distinct also in processes that start in the same instant
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

std::string random_uuid() {
  const std::uint64_t high = (random_bits() & ~std::uint64_t{0xF000}) | 0x4000;
  const std::uint64_t low = (random_bits() & ~(std::uint64_t{3} << 62)) | std::uint64_t{1} << 63;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xFFFF, high & 0xFFFF, low >> 48,
                     low & 0xFFFF'FFFF'FFFF);
}

std::int64_t random_snapshot_id() { return static_cast<std::int64_t>(random_bits() >> 1); }

}  // namespace earthcatalog::iceberg
