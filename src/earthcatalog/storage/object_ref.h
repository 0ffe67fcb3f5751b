// One object, as a list of objects describes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/base/time.h"

namespace earthcatalog::storage {

struct ObjectRef {
  std::string bucket;
  std::string key;  ///< the true name: never percent-encoded
  std::optional<std::int64_t> size_bytes;
  std::optional<TimeMicros> last_modified;
  std::string etag;  ///< without quotes; empty when not known

  /// Returns true when anything tells one version of it from another.
  bool has_version() const { return size_bytes || last_modified || !etag.empty(); }
};

}  // namespace earthcatalog::storage
