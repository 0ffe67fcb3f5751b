// Specs, reports and markers as JSON: plain structs with NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT. A member that
// the text lacks keeps its default.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

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
