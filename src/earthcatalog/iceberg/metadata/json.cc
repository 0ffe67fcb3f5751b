#include <algorithm>
#include <limits>

#include "earthcatalog/iceberg/metadata/json_internal.h"

namespace earthcatalog::iceberg {
namespace {

template <class T>
Result<T> required(Result<std::optional<T>> value, std::string_view key) {
  EC_TRY(value);
  if (!*value) return fail(ErrorKind::kInvalidData, "{} is missing", key);
  return std::move(**value);
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return fail(ErrorKind::kInvalidData, "not valid JSON");
  return json;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json* member(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(key);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

Result<std::optional<std::int64_t>> optional_long(const Json& object, std::string_view key) {
  const Json* value = member(object, key);
  if (value == nullptr) return std::nullopt;
  const bool fits = value->is_number_unsigned()
                        ? value->get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}
                        : value->is_number_integer();
  if (!fits) return fail(ErrorKind::kInvalidData, "{} is not a 64-bit integer", key);
  return value->get<std::int64_t>();
}

Result<std::optional<std::int32_t>> optional_int(const Json& object, std::string_view key) {
  EC_ASSIGN_OR_RETURN(const auto value, optional_long(object, key));
  if (!value) return std::nullopt;
  if (*value < std::numeric_limits<std::int32_t>::min() || *value > std::numeric_limits<std::int32_t>::max()) {
    return fail(ErrorKind::kInvalidData, "{} is not a 32-bit integer", key);
  }
  return static_cast<std::int32_t>(*value);
}

Result<std::optional<std::string>> optional_string(const Json& object, std::string_view key) {
  const Json* value = member(object, key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return fail(ErrorKind::kInvalidData, "{} is not a string", key);
  return value->get<std::string>();
}

Result<std::int64_t> required_long(const Json& object, std::string_view key) {
  return required(optional_long(object, key), key);
}

Result<std::int32_t> required_int(const Json& object, std::string_view key) {
  return required(optional_int(object, key), key);
}

Result<std::string> required_string(const Json& object, std::string_view key) {
  return required(optional_string(object, key), key);
}

Result<const Json*> required_array(const Json& object, std::string_view key) {
  const Json* value = member(object, key);
  if (value == nullptr) return fail(ErrorKind::kInvalidData, "{} is missing", key);
  if (!value->is_array()) return fail(ErrorKind::kInvalidData, "{} is not an array", key);
  return value;
}

std::string unknown_members(const Json& object, std::initializer_list<std::string_view> known) {
  Json unknown = Json::object();
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(known, key) == known.end()) unknown[key] = value;
  }
  return unknown.empty() ? std::string() : dump(unknown);
}

void add_unknown_members(Json& object, const std::string& unknown) {
  if (unknown.empty()) return;
  const Json members = Json::parse(unknown, nullptr, false);
  for (const auto& [key, value] : members.items()) object[key] = value;
}

}  // namespace earthcatalog::iceberg
