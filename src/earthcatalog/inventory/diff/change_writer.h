// A Parquet inventory of changed objects (docs/commands/diff.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "earthcatalog/extsort/object_sorter.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::inventory {

enum class Change : std::uint8_t { kAdded, kChanged, kRemoved };
std::string_view to_string(Change change);

/// Memory is one row group, at most 64 MiB. Not thread-safe.
class ChangeWriter {
 public:
  static Result<std::unique_ptr<ChangeWriter>> create(const storage::Location& where);
  virtual ~ChangeWriter() = default;
  virtual Status append(Change change, const extsort::SortedObject& object) = 0;
  /// The file appears, whole and durable.
  virtual Status finish() = 0;
};

}  // namespace earthcatalog::inventory
