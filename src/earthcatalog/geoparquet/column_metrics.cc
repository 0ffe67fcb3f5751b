#include "earthcatalog/geoparquet/column_metrics.h"

#include <arrow/array.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <type_traits>

#include "earthcatalog/iceberg/metadata/values.h"

namespace earthcatalog::geoparquet {
namespace {

using iceberg::TypeId;

template <class ArrayType>
auto value_at(const ArrayType& array, std::int64_t i) {
  if constexpr (std::is_same_v<ArrayType, arrow::StringArray>) {
    return array.GetView(i);
  } else {
    return array.Value(i);
  }
}

// Zero is signed in bounds: -0.0 below, 0.0 above, whatever was written.
template <class T>
T without_sign_of_zero(T value, bool lower) {
  if constexpr (std::is_floating_point_v<T>) {
    if (value == 0) return lower ? -T{0} : T{0};
  }
  return value;
}

template <class T>
bool is_less(T a, T b) {
  return a < b;
}

// Bytewise. Most pairs differ within their first eight bytes.
bool is_less(std::string_view a, std::string_view b) {
  if (a.size() >= 8 && b.size() >= 8) {
    std::uint64_t x, y;
    std::memcpy(&x, a.data(), sizeof x);
    std::memcpy(&y, b.data(), sizeof y);
    if (x != y) return std::endian::native == std::endian::little ? __builtin_bswap64(x) < __builtin_bswap64(y) : x < y;
  }
  return a < b;
}

// A claimed bound; nothing when its bytes are none of that type. Columns may have been widened (int to long, float to
// double) since it was written.
template <class T>
std::optional<T> bound_from(std::string_view bytes) {
  if constexpr (std::is_same_v<T, std::string>) {
    return std::string(bytes);
  } else {
    if constexpr (std::is_same_v<T, std::int64_t>) {
      if (bytes.size() == sizeof(std::int32_t)) return bound_from<std::int32_t>(bytes);
    }
    if constexpr (std::is_same_v<T, double>) {
      if (bytes.size() == sizeof(float)) return bound_from<float>(bytes);
    }
    T value;
    if (bytes.size() != sizeof value) return std::nullopt;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
}

}  // namespace

template <class T>
void ColumnMetrics::include(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) {
      ++nans_;
      return;
    }
  }
  if (!leaf_.bounded) return;
  auto* range = std::get_if<Range<Kept<T>>>(&range_);
  if (range == nullptr) {
    range_ = Range<Kept<T>>{Kept<T>(value), Kept<T>(value)};
  } else if (is_less(value, range->lower)) {
    range->lower = value;
  } else if (is_less(range->upper, value)) {
    range->upper = value;
  }
}

template <class ArrayType, class T>
void ColumnMetrics::add_values(const arrow::Array& array, const arrow::Array* parent) {
  const auto& values = static_cast<const ArrayType&>(array);
  const bool no_nulls = values.null_count() == 0 && (parent == nullptr || parent->null_count() == 0);
  for (std::int64_t i = 0; i < values.length(); ++i) {
    if (!no_nulls && (values.IsNull(i) || (parent != nullptr && parent->IsNull(i)))) {
      ++nulls_;
    } else {
      include<T>(static_cast<T>(value_at(values, i)));
    }
  }
}

void ColumnMetrics::add(const arrow::Array& values, const arrow::Array* parent) {
  values_ += values.length();
  if (parent != nullptr) below_null_ += parent->null_count();
  switch (leaf_.type) {
    case TypeId::kBoolean:
      return add_values<arrow::BooleanArray, bool>(values, parent);
    case TypeId::kInt:
      return add_values<arrow::Int32Array, std::int32_t>(values, parent);
    case TypeId::kDate:
      return add_values<arrow::Date32Array, std::int32_t>(values, parent);
    case TypeId::kLong:
      return add_values<arrow::Int64Array, std::int64_t>(values, parent);
    case TypeId::kTimestampTz:
    case TypeId::kTimestamp:
      return add_values<arrow::TimestampArray, std::int64_t>(values, parent);
    case TypeId::kFloat:
      return add_values<arrow::FloatArray, float>(values, parent);
    case TypeId::kDouble:
      return add_values<arrow::DoubleArray, double>(values, parent);
    case TypeId::kString:
      if (leaf_.bounded) return add_values<arrow::StringArray, std::string_view>(values, parent);
      break;
    case TypeId::kBinary:
    case TypeId::kStruct:
    case TypeId::kOther:
      break;
  }
  if (parent == nullptr || parent->null_count() == 0) {
    nulls_ += values.null_count();
    return;
  }
  for (std::int64_t i = 0; i < values.length(); ++i) nulls_ += values.IsNull(i) || parent->IsNull(i) ? 1 : 0;
}

void ColumnMetrics::describe(iceberg::DataFile& file) const {
  const int id = leaf_.field_id;
  file.value_counts[id] = values_;
  file.null_value_counts[id] = nulls_;
  if (leaf_.type == TypeId::kDouble || leaf_.type == TypeId::kFloat) file.nan_value_counts[id] = nans_;
  std::visit(
      [&](const auto& range) {
        using RangeType = std::decay_t<decltype(range)>;
        if constexpr (std::is_same_v<RangeType, Range<std::string>>) {
          file.lower_bounds[id] = iceberg::truncate_lower_bound(range.lower);
          if (auto upper = iceberg::truncate_upper_bound(range.upper)) file.upper_bounds[id] = *std::move(upper);
        } else if constexpr (!std::is_same_v<RangeType, std::monostate>) {
          file.lower_bounds[id] = iceberg::serialize_value(without_sign_of_zero(range.lower, true));
          file.upper_bounds[id] = iceberg::serialize_value(without_sign_of_zero(range.upper, false));
        }
      },
      range_);
}

template <class T>
void ColumnMetrics::contradict_bounds(const Range<T>& range, const iceberg::DataFile& claimed,
                                      std::vector<Contradiction>& found) const {
  const auto add = [&](std::string reason) {
    found.push_back({Contradiction::About::kBounds, fmt::format("{}: {}", leaf_.path, reason)});
  };
  for (const bool lower : {true, false}) {
    const auto* bytes = (lower ? claimed.lower_bounds : claimed.upper_bounds).find(leaf_.field_id);
    if (bytes == nullptr) continue;
    const auto bound = bound_from<T>(*bytes);
    const char* const side = lower ? "lower" : "upper";
    if (!bound) {
      add(fmt::format("the {} bound has {} bytes, which is no value of its type", side, bytes->size()));
    } else if (lower ? range.lower < *bound : *bound < range.upper) {
      add(fmt::format("{} is {} the {} bound {}", lower ? range.lower : range.upper, lower ? "below" : "above", side,
                      *bound));
    }
  }
}

// Java's Iceberg does not count a member of a null struct, neither as a value nor as a null; the others do.
void ColumnMetrics::contradict_counts(const iceberg::DataFile& claimed, std::vector<Contradiction>& found) const {
  const auto* values = claimed.value_counts.find(leaf_.field_id);
  const bool as_java = values != nullptr && *values == values_ - below_null_;
  const std::int64_t uncounted = as_java ? below_null_ : 0;
  const auto count = [&](const iceberg::FieldMap<std::int64_t>& counts, std::int64_t actual, const char* what) {
    const auto* said = counts.find(leaf_.field_id);
    if (said == nullptr || *said == actual) return;
    found.push_back({Contradiction::About::kCounts, fmt::format("{}: {} {}, not {}", leaf_.path, actual, what, *said)});
  };
  count(claimed.value_counts, values_ - uncounted, "values");
  count(claimed.null_value_counts, nulls_ - uncounted, "nulls");
  count(claimed.nan_value_counts, nans_, "NaNs");
}

void ColumnMetrics::contradict(const iceberg::DataFile& claimed, std::vector<Contradiction>& found) const {
  contradict_counts(claimed, found);
  std::visit(
      [&](const auto& range) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(range)>, std::monostate>) {
          contradict_bounds(range, claimed, found);
        }
      },
      range_);
}

}  // namespace earthcatalog::geoparquet
