// Names that nobody else chooses.
#pragma once

#include <cstdint>
#include <string>

namespace earthcatalog::iceberg {

/// A random (version 4) UUID.
std::string random_uuid();
/// A positive 63-bit number.
std::int64_t random_snapshot_id();

}  // namespace earthcatalog::iceberg
