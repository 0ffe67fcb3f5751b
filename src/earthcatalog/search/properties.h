// The properties that a filter names, in the columns of a table and in what no column holds. Internal to the module.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/cql2/predicate.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace arrow {
class Array;
class RecordBatch;
}  // namespace arrow

namespace earthcatalog::search {

/// Gives each property that a filter names a slot. `eo:cloud_cover` and `properties.eo:cloud_cover` are one. Dots go
/// into the objects of a column of JSON, as `assets.data.href`; without a column of its name, a property is looked for
/// in `stac_extra`, by its dots too.
class Properties {
 public:
  explicit Properties(const iceberg::Schema& table) : table_(table) {}

  /// As cql2::Resolver.
  Result<cql2::Slot> resolve(std::string_view name);
  /// The columns that hold them.
  std::vector<iceberg::NestedField> columns() const;
  /// Names for which the table has no column.
  std::vector<std::string> unknown() const;

  struct Property {
    std::string name;
    const iceberg::NestedField* column = nullptr;  ///< null: none
    std::string path;                              ///< within the JSON of the column; empty: all of it
    bool is_json() const;                          ///< the column's text is JSON
  };
  const std::vector<Property>& all() const { return properties_; }

 private:
  const iceberg::Schema& table_;
  std::vector<Property> properties_;
};

/// The rows of one batch that has the columns(). Not thread-safe; both must outlive it.
class PropertyRow final : public cql2::Row {
 public:
  PropertyRow(const Properties& properties, const arrow::RecordBatch& rows);
  /// Stands on a row of the batch from now on.
  void move_to(std::int64_t row);
  cql2::Value property(std::size_t slot) const override;

 private:
  cql2::Value extra(const std::string& name) const;

  const Properties& properties_;
  std::vector<std::shared_ptr<arrow::Array>> columns_;  // null: the batch has none
  std::shared_ptr<arrow::Array> extra_;
  std::int64_t row_ = 0;
  mutable std::optional<nlohmann::json> parsed_;  // stac_extra of the row
};

}  // namespace earthcatalog::search
