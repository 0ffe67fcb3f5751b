// Specs, reports and markers as JSON: plain structs with
// NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT, or EC_SPEC for what is given from outside, which refuses members
// that it does not know. A member that the text lacks keeps its default.
#pragma once

#include <algorithm>
#include <initializer_list>
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

/// For from_json(): throws when `json` is no object, or has a member that is none of `names`.
inline void check_members(const nlohmann::json& json, std::initializer_list<std::string_view> names) {
  if (!json.is_object()) throw nlohmann::json::other_error::create(501, "no object: " + json.dump(), &json);
  for (const auto& [name, value] : json.items()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    throw nlohmann::json::other_error::create(
        501, fmt::format("there is no member \"{}\"; there are {}", name, fmt::join(names, ", ")), &json);
  }
}

#define EC_SPEC_NAME(member) #member,
#define EC_SPEC(Type, ...)                                                                                         \
  inline void to_json(nlohmann::json& nlohmann_json_j, const Type& nlohmann_json_t) {                              \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_TO, __VA_ARGS__))                                       \
  }                                                                                                                \
  inline void from_json(const nlohmann::json& nlohmann_json_j, Type& nlohmann_json_t) {                            \
    earthcatalog::backfill::check_members(nlohmann_json_j,                                                         \
                                          {NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(EC_SPEC_NAME, __VA_ARGS__))}); \
    const Type nlohmann_json_default_obj{};                                                                        \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_FROM_WITH_DEFAULT, __VA_ARGS__))                        \
  }

/// `what` names the text in the message of a kInvalidData.
template <class T>
Result<T> parse_json(std::string_view text, std::string_view what) {
  try {
    return nlohmann::json::parse(text).get<T>();
  } catch (const nlohmann::json::exception& error) {
    const std::string_view text_of = error.what();  // "[json.exception.type_error.302] ..."
    return fail(ErrorKind::kInvalidData, "{} is not what it should be: {}", what,
                text_of.substr(std::min(text_of.size(), text_of.find("] ") + 2)));
  }
}

template <class T>
std::string to_json_text(const T& value) {
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace earthcatalog::backfill
