#include "earthcatalog/index/packed_version.h"

#include "earthcatalog/base/hash.h"
#include "earthcatalog/extsort/hash_table.h"
#include "earthcatalog/index/object_index.h"
#include "earthcatalog/storage/object_version.h"

namespace earthcatalog::index {

PackedVersion::PackedVersion(std::string_view etag, std::optional<TimeMicros> last_modified,
                             std::optional<std::int64_t> size_bytes)
    : last_modified_(last_modified.value_or(INT64_MIN)), size_(size_bytes.value_or(-1)) {
  if (!etag.empty()) bits_ = kEtagBit | (extsort::prefix_of(hash128(etag)) & ~kFlags);
}

bool PackedVersion::matches(const PackedVersion& now) const {
  if ((bits_ & now.bits_ & kEtagBit) != 0) return (bits_ & ~kFlags) == (now.bits_ & ~kFlags);
  if (last_modified_ != INT64_MIN && now.last_modified_ != INT64_MIN) {
    return storage::same_modification(last_modified_, now.last_modified_);
  }
  if (size_ >= 0 && now.size_ >= 0) return size_ == now.size_;
  return !now.is_known();
}

std::optional<TimeMicros> PackedVersion::last_modified() const {
  return last_modified_ == INT64_MIN ? std::nullopt : std::optional(last_modified_);
}

std::optional<std::int64_t> PackedVersion::size_bytes() const {
  return size_ < 0 ? std::nullopt : std::optional(size_);
}

}  // namespace earthcatalog::index
