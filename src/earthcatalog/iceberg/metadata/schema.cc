#include "earthcatalog/iceberg/metadata/schema.h"

#include <algorithm>
#include <tuple>

namespace earthcatalog::iceberg {
namespace {

int highest(const std::vector<NestedField>& fields) {
  int id = 0;
  for (const auto& field : fields) id = std::max({id, field.field_id, highest(field.type.fields)});
  return id;
}

}  // namespace

bool NestedField::operator==(const NestedField& other) const {
  const auto members = [](const NestedField& f) { return std::tie(f.field_id, f.name, f.type, f.required, f.doc); };
  return members(*this) == members(other);
}

void assign_ids(std::vector<NestedField>& fields, int& last_id) {
  for (auto& field : fields) field.field_id = ++last_id;
  for (auto& field : fields) assign_ids(field.type.fields, last_id);
}

const NestedField* Schema::find(std::string_view name) const {
  const auto at = std::ranges::find(fields, name, &NestedField::name);
  return at == fields.end() ? nullptr : &*at;
}

int Schema::highest_field_id() const { return highest(fields); }

Schema assign_fresh_ids(Schema schema) {
  int last_id = 0;
  assign_ids(schema.fields, last_id);
  return schema;
}

}  // namespace earthcatalog::iceberg
