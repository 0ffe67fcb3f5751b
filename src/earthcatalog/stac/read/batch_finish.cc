#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <map>

#include "earthcatalog/stac/json_string.h"
#include "earthcatalog/stac/read/batch_data.h"
#include "earthcatalog/stac/read/scalar.h"

namespace earthcatalog::stac {
namespace {

// {members, "properties": ...}; see docs/format/items.md.
void write_object(std::string_view members, std::string_view properties, GrowBuffer& out) {
  out.push_back('{');
  out.append(members);
  if (!properties.empty()) {
    if (!members.empty()) out.push_back(',');
    out.append("\"properties\":");
    const bool replaced = properties.front() == '[';
    if (!replaced) out.push_back('{');
    out.append(properties);
    if (!replaced) out.push_back('}');
  }
  out.push_back('}');
}

}  // namespace

void ItemBatch::Impl::write_extra(const std::vector<ColumnBuffer*>& late, ColumnBuffer& extra) {
  std::size_t next_members = 0, next_properties = 0, next_deferred = 0;
  const auto& entries = deferred_.entries();
  GrowBuffer properties;
  for (std::uint32_t row = 0; row < rows_; ++row) {
    const std::string_view members = extra_members_.text_of(row, next_members);
    properties.truncate(0);
    properties.append(extra_properties_.text_of(row, next_properties));
    for (; next_deferred < entries.size() && entries[next_deferred].row == row; ++next_deferred) {
      const std::uint32_t name = entries[next_deferred].name;
      const std::string_view token = deferred_.token(next_deferred);
      if (ColumnBuffer* column = late[name]; column != nullptr) {
        column->start_row(row);
        if (store_scalar(token, *column) == Fit::kExact) continue;
      }
      if (properties.size() > 0) properties.push_back(',');
      append_quoted(properties_.at(name).name, properties);
      properties.push_back(':');
      properties.append(token);
    }
    if (members.empty() && properties.size() == 0) continue;
    extra.start_row(row);
    write_object(members, properties.view(), extra.text());
    extra.end_text();
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> ItemBatch::Impl::finish(const ItemSchema& schema) {
  std::map<std::string_view, ColumnBuffer> late_columns;
  for (const Column& column : schema.columns) {
    if (find_column(column.name) < 0) late_columns.emplace(column.name, ColumnBuffer(column.type));
  }
  std::vector<ColumnBuffer*> late(properties_.size());
  for (std::size_t i = 0; i < late.size(); ++i) {
    const auto found = late_columns.find(properties_.at(i).name);
    if (properties_.at(i).observed && found != late_columns.end()) late[i] = &found->second;
  }
  ColumnBuffer extra(ColumnType::kString);
  write_extra(late, extra);

  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const Column& column : schema.columns) {
    if (is_row_column(column.name)) continue;
    const int index = find_column(column.name);
    ColumnBuffer& buffer = column.name == "stac_extra" ? extra
                           : index < 0                 ? late_columns.at(column.name)
                                                       : columns_[static_cast<std::size_t>(index)];
    EC_ASSIGN_OR_RETURN(auto array, buffer.finish(rows_, column.name));
    fields.push_back(arrow::field(column.name, array->type()));
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<std::int64_t>(rows_),
                                  std::move(arrays));
}

}  // namespace earthcatalog::stac
