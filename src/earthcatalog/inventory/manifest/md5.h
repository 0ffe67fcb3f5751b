// MD5, as S3 Inventory gives it for its files. Internal to the module.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nettle/md5.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace earthcatalog::inventory {

class Md5 {
 public:
  Md5() { md5_init(&context_); }
  void update(std::string_view bytes) {
    md5_update(&context_, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  }
  /// 32 lower-case hexadecimal digits. Ends it.
  std::string hex() {
    std::array<std::uint8_t, MD5_DIGEST_SIZE> digest;
    md5_digest(&context_, digest.size(), digest.data());
    return fmt::format("{:02x}", fmt::join(digest, ""));
  }

 private:
  md5_ctx context_;
};

}  // namespace earthcatalog::inventory
