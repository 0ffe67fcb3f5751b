// Values as Iceberg stores them in bounds: single-value binary serialization
// (https://iceberg.apache.org/spec/#binary-single-value-serialization) and the truncation of string bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace earthcatalog::iceberg {

/// Little-endian numbers, UTF-8 strings, one byte for a boolean. A date is its days, a timestamp its microseconds.
std::string serialize_value(bool value);
std::string serialize_value(std::int32_t value);
std::string serialize_value(std::int64_t value);
std::string serialize_value(float value);
std::string serialize_value(double value);
std::string serialize_value(std::string_view value);
inline std::string serialize_value(const std::string& value) { return value; }
inline std::string serialize_value(const char* value) { return value; }

/// The number in `bytes`, or nothing when their length is another's.
std::optional<std::int32_t> deserialize_int(std::string_view bytes);
std::optional<std::int64_t> deserialize_long(std::string_view bytes);
std::optional<double> deserialize_double(std::string_view bytes);

/// Characters (Unicode code points) that string bounds keep: Iceberg's metrics mode truncate(16).
inline constexpr std::size_t kBoundCharacters = 16;

/// A lower bound of `value`: its first `characters` code points.
std::string truncate_lower_bound(std::string_view value, std::size_t characters = kBoundCharacters);

/// An upper bound of `value`: itself when short enough, else its first code points with the last one that can grow
/// made one greater (never into the surrogates); nothing when none can.
std::optional<std::string> truncate_upper_bound(std::string_view value, std::size_t characters = kBoundCharacters);

}  // namespace earthcatalog::iceberg
