// Counts and bounds of one leaf column, as Iceberg's manifests want them
// (https://iceberg.apache.org/spec/#manifests): gathered from the arrays that are written. Internal to this module.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "earthcatalog/geoparquet/claims.h"
#include "earthcatalog/geoparquet/layout.h"
#include "earthcatalog/iceberg/manifest/data_file.h"

namespace earthcatalog::geoparquet {

/// Add arrays, then describe them. `leaf` must outlive it.
class ColumnMetrics {
 public:
  explicit ColumnMetrics(const Leaf& leaf) : leaf_(leaf) {}

  /// `parent`: the struct that `values` is a member of, or null. Both of the same length.
  void add(const arrow::Array& values, const arrow::Array* parent);

  /// Writes value, null and NaN counts and bounds under the leaf's field id.
  void describe(iceberg::DataFile& file) const;

  /// Adds what `claimed` says of the leaf and what was added does not bear out. What it does not say is not missed.
  void contradict(const iceberg::DataFile& claimed, std::vector<Contradiction>& found) const;

 private:
  // How a bound is kept while arrays come and go.
  template <class T>
  using Kept = std::conditional_t<std::is_same_v<T, std::string_view>, std::string, T>;
  // Smallest and largest value; NaN belongs to neither.
  template <class T>
  struct Range {
    T lower, upper;
  };

  void contradict_counts(const iceberg::DataFile& claimed, std::vector<Contradiction>& found) const;
  template <class ArrayType, class T>
  void add_values(const arrow::Array& values, const arrow::Array* parent);
  template <class T>
  void include(T value);
  template <class T>
  void contradict_bounds(const Range<T>& range, const iceberg::DataFile& claimed,
                         std::vector<Contradiction>& found) const;

  const Leaf& leaf_;
  std::int64_t values_ = 0, nulls_ = 0, nans_ = 0;
  std::int64_t below_null_ = 0;  // of the nulls, those whose struct is null
  std::variant<std::monostate, Range<bool>, Range<std::int32_t>, Range<std::int64_t>, Range<float>, Range<double>,
               Range<std::string>>
      range_;
};

}  // namespace earthcatalog::geoparquet
