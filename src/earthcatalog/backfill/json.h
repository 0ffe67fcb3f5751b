// Specs, reports and markers as JSON: plain structs with NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT. A member that
// the text lacks keeps its default.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/result.h"

template <class T>
struct nlohmann::adl_serializer<std::optional<T>> {
  template <class Json>
  static void to_json(Json& json, const std::optional<T>& value) {
    if (value) {
      json = *value;
    } else {
      json = nullptr;
    }
  }
  template <class Json>
  static void from_json(const Json& json, std::optional<T>& value) {
    value = json.is_null() ? std::nullopt : std::optional<T>(json.template get<T>());
  }
};

/// 32 hex digits.
template <>
struct nlohmann::adl_serializer<earthcatalog::Hash128> {
  template <class Json>
  static void to_json(Json& json, const earthcatalog::Hash128& hash) {
    json = earthcatalog::to_hex(hash);
  }
  template <class Json>
  static void from_json(const Json& json, earthcatalog::Hash128& hash) {
    const auto read = earthcatalog::from_hex(json.template get<std::string>());
    if (!read) throw nlohmann::json::other_error::create(501, "not 32 hex digits: " + json.dump(), &json);
    hash = *read;
  }
};

namespace earthcatalog::backfill {

/// `what` names the text in the message of a kInvalidData.
template <class T>
Result<T> parse_json(std::string_view text, std::string_view what) {
  try {
    return nlohmann::json::parse(text).get<T>();
  } catch (const nlohmann::json::exception& error) {
    return fail(ErrorKind::kInvalidData, "{} is not what it should be: {}", what, error.what());
  }
}

template <class T>
std::string to_json_text(const T& value) {
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace earthcatalog::backfill
