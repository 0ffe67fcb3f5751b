// Avro schemas (https://avro.apache.org/docs/1.11.1/specification/#schema-declaration), as far as manifests need them,
// with Iceberg's "field-id" attributes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/result.h"

namespace earthcatalog::iceberg::avro {

enum class Kind : std::uint8_t {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kRecord,
  kEnum,
  kArray,
  kMap,
  kUnion,
  kFixed
};

struct Node;

struct Field {
  std::string name;
  int field_id = -1;  ///< -1: has none
  const Node* type = nullptr;
};

struct Node {
  Kind kind = Kind::kNull;
  std::vector<Field> fields;          ///< of a record
  std::vector<const Node*> branches;  ///< of a union; the one element of an array, the values of a map
  std::size_t fixed_bytes = 0;        ///< of a fixed
};

/// Owns its nodes. A named type may contain itself.
class Schema {
 public:
  static Result<Schema> parse(std::string_view json);
  const Node& root() const { return *root_; }

 private:
  std::vector<std::unique_ptr<Node>> nodes_;
  const Node* root_ = nullptr;
};

}  // namespace earthcatalog::iceberg::avro
