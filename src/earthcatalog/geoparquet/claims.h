// Holds the claims of a manifest about a data file against the file's rows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace arrow {
class RecordBatch;
}

namespace earthcatalog::geoparquet {

struct Layout;

/// A claim that the rows do not bear out.
struct Contradiction {
  enum class About : std::uint8_t { kCounts, kBounds } about = About::kCounts;
  std::string reason;  ///< "id: 12 nulls, not 13"
};

/// The claims about one file: its record count, and the counts and bounds of each column of a ClaimReader's schema.
/// Bounds hold when no value lies outside of them: they may be wider than need be. Not thread-safe.
class ClaimCheck {
 public:
  ClaimCheck(ClaimCheck&&) noexcept;
  ~ClaimCheck();
  /// Rows of the file, with the columns of ClaimReader::schema().
  void add(const arrow::RecordBatch& rows);
  /// Call it when all rows have come.
  std::vector<Contradiction> finish() const;

 private:
  friend class ClaimReader;
  class Impl;
  explicit ClaimCheck(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Reads the claims about one table's files. Immutable, thread-safe.
class ClaimReader {
 public:
  /// `schema`: the table's.
  static Result<ClaimReader> make(const iceberg::Schema& schema);

  /// The columns that have bounds: all but geometry and JSON, which cost most of the reading, and those of other
  /// engines' types.
  const iceberg::Schema& schema() const { return schema_; }
  /// `claimed` must outlive the check.
  ClaimCheck check(const iceberg::DataFile& claimed) const;

 private:
  ClaimReader() = default;
  iceberg::Schema schema_;
  std::shared_ptr<const Layout> layout_;
};

}  // namespace earthcatalog::geoparquet
