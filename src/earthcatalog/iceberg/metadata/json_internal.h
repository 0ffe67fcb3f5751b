// JSON of Iceberg metadata through nlohmann-json, without exceptions. Not for public headers.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/iceberg/metadata/partition_spec.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace earthcatalog::iceberg {

using Json = nlohmann::ordered_json;

/// kInvalidData when `text` is no JSON.
Result<Json> parse_json(std::string_view text);
/// Minified; bytes that are no UTF-8 become U+FFFD.
std::string dump(const Json& json);

/// A member, or null when it is absent or JSON null.
const Json* member(const Json& object, std::string_view key);

// A member of a type; kInvalidData names it when it is missing (required_) or of another type.
Result<std::int64_t> required_long(const Json& object, std::string_view key);
Result<std::int32_t> required_int(const Json& object, std::string_view key);
Result<std::string> required_string(const Json& object, std::string_view key);
Result<const Json*> required_array(const Json& object, std::string_view key);
Result<std::optional<std::int64_t>> optional_long(const Json& object, std::string_view key);
Result<std::optional<std::int32_t>> optional_int(const Json& object, std::string_view key);
Result<std::optional<std::string>> optional_string(const Json& object, std::string_view key);

/// The members whose keys are not in `known`, as the text of an object; empty when there are none.
std::string unknown_members(const Json& object, std::initializer_list<std::string_view> known);
/// Adds what unknown_members() gave.
void add_unknown_members(Json& object, const std::string& unknown);

Result<Schema> schema_from_json(const Json& json);
Json schema_to_json(const Schema& schema);
Result<PartitionSpec> partition_spec_from_json(const Json& json);
Json partition_fields_to_json(const PartitionSpec& spec);

}  // namespace earthcatalog::iceberg
