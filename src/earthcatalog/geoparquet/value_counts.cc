#include "earthcatalog/geoparquet/value_counts.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

namespace earthcatalog::geoparquet {
namespace {

std::int64_t values_of(const arrow::Array& array, const arrow::Array* parent) {
  if (parent == nullptr || parent->null_count() == 0) return array.length() - array.null_count();
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < array.length(); ++i) count += array.IsValid(i) && parent->IsValid(i) ? 1 : 0;
  return count;
}

// Nothing when the manifest does not tell. Java counts no members of null structs, and others count them as nulls: the
// difference is the same.
std::optional<std::int64_t> claimed_values(const iceberg::DataFile& file, int field_id) {
  const auto* values = file.value_counts.find(field_id);
  const auto* nulls = file.null_value_counts.find(field_id);
  if (values == nullptr || nulls == nullptr) return std::nullopt;
  return *values - *nulls;
}

Status check_column(const iceberg::DataFile& file, const iceberg::NestedField& field, const std::string& name,
                    std::int64_t values) {
  const auto claimed = claimed_values(file, field.field_id);
  if (!claimed || *claimed == values) return {};
  return fail(
      ErrorKind::kInvalidData,
      "{}: column \"{}\" has {} values as it was read, and the table's manifests count {}; nothing was changed. "
      "Run `audit(inventory=…)`, which tells what else is wrong",
      file.file_path, name, values, *claimed);
}

}  // namespace

void ValueCounts::add(const arrow::RecordBatch& rows) {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const auto column = rows.column(static_cast<int>(i));
    const auto& members = schema_.fields[i].type.fields;
    values_[i].resize(std::max<std::size_t>(1, members.size()));
    if (members.empty()) values_[i][0] += values_of(*column, nullptr);
    for (std::size_t m = 0; m < members.size(); ++m) {
      const auto& parent = static_cast<const arrow::StructArray&>(*column);
      values_[i][m] += values_of(*parent.field(static_cast<int>(m)), &parent);
    }
  }
}

Status ValueCounts::check(const iceberg::DataFile& file) const {
  if (!file.deletes.empty()) return {};
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const auto& field = schema_.fields[i];
    if (values_[i].empty()) continue;  // no rows
    if (field.type.fields.empty()) EC_TRY(check_column(file, field, field.name, values_[i][0]));
    for (std::size_t m = 0; m < field.type.fields.size(); ++m) {
      const auto& member = field.type.fields[m];
      EC_TRY(check_column(file, member, fmt::format("{}.{}", field.name, member.name), values_[i][m]));
    }
  }
  return {};
}

}  // namespace earthcatalog::geoparquet
