// Rows of any file in the shape of a table's schema.
#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "earthcatalog/geoparquet/arrow_edge.h"
#include "earthcatalog/geoparquet/columns_internal.h"
#include "earthcatalog/geoparquet/layout.h"
#include "earthcatalog/geoparquet/reader.h"

namespace earthcatalog::geoparquet {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using iceberg::NestedField;

class Conformer {
 public:
  explicit Conformer(ColumnFinder columns) : columns_(columns) {}

  Result<ArrayPtr> column(const ArrayPtr& values, const NestedField& wanted) const {
    EC_TRY(check_known(wanted));
    if (wanted.type.id == iceberg::TypeId::kStruct) return structure(values, wanted);
    const auto type = arrow_type(wanted.type.id);
    if (values->type()->Equals(type)) return values;
    const bool same_unit = values->type_id() == arrow::Type::TIMESTAMP && type->id() == arrow::Type::TIMESTAMP &&
                           static_cast<const arrow::TimestampType&>(*values->type()).unit() == arrow::TimeUnit::MICRO;
    const auto converted = same_unit ? values->View(type) : arrow::compute::Cast(*values, type);
    if (!converted.ok()) {
      return fail(ErrorKind::kInvalidData, "column \"{}\" of type {} cannot become {}: {}", wanted.name,
                  values->type()->ToString(), type->ToString(), converted.status().message());
    }
    return *converted;
  }

  Result<ArrayPtr> missing(const NestedField& wanted, const std::shared_ptr<arrow::DataType>& type,
                           std::int64_t rows) const {
    EC_TRY(check_known(wanted));
    if (wanted.required) return fail(ErrorKind::kInvalidData, "the required column \"{}\" is missing", wanted.name);
    EC_ARROW_ASSIGN(ArrayPtr nulls, ErrorKind::kInvalidData, arrow::MakeArrayOfNull(type, rows));
    return nulls;
  }

 private:
  Result<ArrayPtr> structure(const ArrayPtr& values, const NestedField& wanted) const {
    if (values->type_id() != arrow::Type::STRUCT) {
      return fail(ErrorKind::kInvalidData, "column \"{}\" is of type {}, not a struct", wanted.name,
                  values->type()->ToString());
    }
    const auto& source = static_cast<const arrow::StructArray&>(*values);
    arrow::ArrayVector members;
    arrow::FieldVector fields;
    for (const NestedField& member : wanted.type.fields) {
      const auto type = arrow_type(member.type.id);
      const int at = columns_.find(values->type()->fields(), member, members.size());
      EC_ASSIGN_OR_RETURN(ArrayPtr array,
                          at < 0 ? missing(member, type, values->length()) : column(source.field(at), member));
      members.push_back(std::move(array));
      fields.push_back(arrow::field(member.name, type, !member.required));
    }
    // Members come without the struct's offset, and so must its validity.
    std::shared_ptr<arrow::Buffer> validity;
    if (values->null_count() != 0) {
      EC_ARROW_ASSIGN(validity, ErrorKind::kInvalidData,
                      arrow::internal::CopyBitmap(arrow::default_memory_pool(), values->null_bitmap_data(),
                                                  values->offset(), values->length()));
    }
    return std::make_shared<arrow::StructArray>(arrow::struct_(std::move(fields)), values->length(), std::move(members),
                                                std::move(validity), values->null_count());
  }

  const ColumnFinder columns_;
};

Result<std::shared_ptr<arrow::RecordBatch>> conform_rows(const arrow::RecordBatch& rows, const iceberg::Schema& schema,
                                                         ColumnFinder finder) {
  const Conformer conformer(finder);
  auto wanted = arrow_schema(schema);
  arrow::ArrayVector columns;
  for (const NestedField& field : schema.fields) {
    const int at = finder.find(rows.schema()->fields(), field, columns.size());
    const auto& type = wanted->field(static_cast<int>(columns.size()))->type();
    EC_ASSIGN_OR_RETURN(ArrayPtr column, at < 0 ? conformer.missing(field, type, rows.num_rows())
                                                : conformer.column(rows.column(at), field));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(std::move(wanted), rows.num_rows(), std::move(columns));
}

}  // namespace

std::optional<int> field_id_of(const arrow::Field& field) {
  if (!field.metadata()) return std::nullopt;
  const auto text = field.metadata()->Get("PARQUET:field_id");
  int id = 0;
  if (!text.ok() || std::from_chars(text->data(), text->data() + text->size(), id).ec != std::errc()) return {};
  return id;
}

ColumnFinder::ColumnFinder(const arrow::Schema& rows, Names names) : names_(names) {
  by_id_ = std::ranges::any_of(rows.fields(), [](const auto& field) { return field_id_of(*field).has_value(); });
}

int ColumnFinder::find(const arrow::FieldVector& fields, const NestedField& wanted, std::size_t likely) const {
  if (likely < fields.size() && is(*fields[likely], wanted)) return static_cast<int>(likely);
  const auto at = std::ranges::find_if(fields, [&](const auto& field) { return is(*field, wanted); });
  return at == fields.end() ? -1 : static_cast<int>(at - fields.begin());
}

bool ColumnFinder::is(const arrow::Field& field, const NestedField& wanted) const {
  if (by_id_) return field_id_of(field) == wanted.field_id;
  if (names_ == Names::kOwn || !wanted.mapped_names) return field.name() == wanted.name;
  return std::ranges::find(*wanted.mapped_names, field.name()) != wanted.mapped_names->end();
}

Result<std::shared_ptr<arrow::RecordBatch>> conform(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                    const iceberg::Schema& schema) {
  return guarded(ErrorKind::kInvalidData,
                 [&] { return conform_rows(*rows, schema, {*rows->schema(), ColumnFinder::Names::kOwn}); });
}

Result<std::shared_ptr<arrow::RecordBatch>> conform_file(const arrow::RecordBatch& rows, const iceberg::Schema& schema,
                                                         const ColumnFinder& finder) {
  return guarded(ErrorKind::kInvalidData, [&] { return conform_rows(rows, schema, finder); });
}

}  // namespace earthcatalog::geoparquet
