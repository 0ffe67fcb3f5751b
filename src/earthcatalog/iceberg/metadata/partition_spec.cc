#include "earthcatalog/iceberg/metadata/partition_spec.h"

#include <fmt/ranges.h>

namespace earthcatalog::iceberg {
namespace {

Result<int> source_column(const Schema& schema, std::string_view name, std::initializer_list<TypeId> types) {
  const NestedField* field = schema.find(name);
  if (field == nullptr) return fail(ErrorKind::kInvalidArgument, "the schema has no column {} to partition by", name);
  for (const TypeId type : types) {
    if (field->type.id == type) return field->field_id;
  }
  return fail(ErrorKind::kInvalidArgument, "column {} has a type that the table cannot be partitioned by", name);
}

}  // namespace

Result<PartitionSpec> grid_partition_spec(const Schema& schema) {
  EC_ASSIGN_OR_RETURN(const int cell, source_column(schema, "grid_partition", {TypeId::kString}));
  EC_ASSIGN_OR_RETURN(const int time, source_column(schema, "datetime", {TypeId::kTimestampTz, TypeId::kTimestamp}));
  return PartitionSpec{.spec_id = 0,
                       .fields = {{cell, kFirstPartitionFieldId, "grid_partition", "identity"},
                                  {time, kFirstPartitionFieldId + 1, "year", "year"}}};
}

Result<PartitionLayout> partition_layout(const PartitionSpec& spec) {
  const auto& fields = spec.fields;
  if (fields.size() == 2) {
    if (fields[0].transform == "identity" && fields[1].transform == "year") return PartitionLayout{0, 1};
    if (fields[1].transform == "identity" && fields[0].transform == "year") return PartitionLayout{1, 0};
  }
  std::vector<std::string> transforms;
  for (const auto& field : fields) transforms.push_back(fmt::format("{}: {}", field.name, field.transform));
  return fail(ErrorKind::kUnsupported,
              "partition spec {} is [{}], not identity(grid_partition), year(datetime); tables of another layout are "
              "not taken over",
              spec.spec_id, fmt::join(transforms, ", "));
}

}  // namespace earthcatalog::iceberg
