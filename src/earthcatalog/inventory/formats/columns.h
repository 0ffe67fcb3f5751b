// Finds the columns of a table by their meaning. Internal to the module.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::inventory {

enum class ColumnRole : std::uint8_t { kBucket, kKey, kSize, kLastModified, kEtag, kIsLatest, kIsDeleteMarker };
inline constexpr std::size_t kColumnRoles = 7;

/// For each role the index of its column, or -1.
struct ColumnMap {
  std::array<int, kColumnRoles> index;

  ColumnMap() { index.fill(-1); }
  int& operator[](ColumnRole role) { return index[static_cast<std::size_t>(role)]; }
  int operator[](ColumnRole role) const { return index[static_cast<std::size_t>(role)]; }
  bool has_object_name() const { return (*this)[ColumnRole::kBucket] >= 0 && (*this)[ColumnRole::kKey] >= 0; }
};

/// Finds columns by name: any case, "last_modified_date" and AWS's "LastModifiedDate" alike. Fails (kInvalidData)
/// when two columns claim the same role.
Result<ColumnMap> map_columns(std::span<const std::string_view> names);

/// AWS's order without a manifest: bucket, key, size, last_modified_date.
ColumnMap default_columns();

/// Returns true when a first record without both names is a header all the same, whose file lacks a column, and no row.
bool looks_like_header(std::span<const std::string_view> fields);

}  // namespace earthcatalog::inventory
