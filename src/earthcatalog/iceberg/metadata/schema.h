// Iceberg schemas (https://iceberg.apache.org/spec/#schemas): the types that our tables use, with field ids. Columns of
// other types, which other engines add, are carried along.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/result.h"

namespace earthcatalog::iceberg {

enum class TypeId : std::uint8_t {
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kString,
  kBinary,
  kTimestampTz,
  kTimestamp,
  kDate,
  kStruct,
  kOther  ///< list, map, decimal, uuid and the like: neither read nor written
};

struct NestedField;

struct Type {
  TypeId id = TypeId::kString;
  std::vector<NestedField> fields;  ///< of a struct ("= {}" would need a complete NestedField here: clang, C++23)
  std::string other = {};           ///< of kOther: its JSON, as it was
  bool operator==(const Type&) const = default;
};

struct NestedField {
  int field_id = 0;
  std::string name = {};
  Type type = {};
  bool required = false;
  std::string doc = {};
  /// The column's names in files without field ids, by the table's name mapping
  /// (https://iceberg.apache.org/spec/#column-projection); none: the table has no mapping, and its own name is the one.
  std::optional<std::vector<std::string>> mapped_names = {};

  /// Compares columns; how files call them is no part of that.
  bool operator==(const NestedField& other) const;
};

struct Schema {
  int schema_id = 0;
  std::vector<NestedField> fields = {};
  std::vector<int> identifier_field_ids = {};

  /// The field of a top-level name, or null.
  const NestedField* find(std::string_view name) const;
  int highest_field_id() const;
  bool operator==(const Schema&) const = default;
};

/// "long", "struct", "decimal(9, 2)", "list".
std::string type_name(const Type& type);

/// Gives ids as PyIceberg does for a new table: top-level fields 1…n in order, then the nested ones.
Schema assign_fresh_ids(Schema schema);

/// Gives `fields` the ids after `last_id`, all of one level before those nested in them, and moves `last_id` on.
void assign_ids(std::vector<NestedField>& fields, int& last_id);

}  // namespace earthcatalog::iceberg
