// A version of an object in 24 bytes: what an index of millions of objects can afford to compare.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "earthcatalog/base/time.h"
#include "earthcatalog/storage/object_ref.h"

namespace earthcatalog::index {

/// Etag (as 61 bits of its hash), time of last modification and size, as far as known. Ordered by last_modified first,
/// absent is oldest.
class PackedVersion {
 public:
  PackedVersion() = default;
  PackedVersion(std::string_view etag, std::optional<TimeMicros> last_modified, std::optional<std::int64_t> size_bytes);
  explicit PackedVersion(const storage::ObjectRef& object)
      : PackedVersion(object.etag, object.last_modified, object.size_bytes) {}

  /// Returns true when the version recorded is the one that an inventory gives now: by the first of etag, last_modified
  /// and size that both know. An inventory that gives none of them knows the object by its name alone: it is. One that
  /// gives nothing that is recorded may speak of any version: it is not.
  bool matches(const PackedVersion& now) const;

  /// Anything of it is known.
  bool is_known() const { return (bits_ & kEtagBit) != 0 || last_modified_ != INT64_MIN || size_ >= 0; }
  std::optional<TimeMicros> last_modified() const;
  std::optional<std::int64_t> size_bytes() const;

  /// Flags that an index keeps of the object besides.
  void set_owns_rows() { bits_ |= kOwnerBit; }
  void set_forgotten() { bits_ |= kForgottenBit; }
  bool owns_rows() const { return (bits_ & kOwnerBit) != 0; }
  bool forgotten() const { return (bits_ & kForgottenBit) != 0; }

  auto operator<=>(const PackedVersion&) const = default;

 private:
  static constexpr std::uint64_t kOwnerBit = 1, kForgottenBit = 2, kEtagBit = 4, kFlags = 7;
  std::int64_t last_modified_ = INT64_MIN;
  std::uint64_t bits_ = 0;  // flags, and above them the first 61 bits of the etag's hash
  std::int64_t size_ = -1;
};

}  // namespace earthcatalog::index
