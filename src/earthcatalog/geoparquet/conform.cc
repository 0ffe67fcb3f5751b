// Rows of any file in the shape of a table's schema.
#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/key_value_metadata.h>

#include <charconv>
#include <optional>

#include "earthcatalog/geoparquet/arrow_edge.h"
#include "earthcatalog/geoparquet/layout.h"
#include "earthcatalog/geoparquet/reader.h"

namespace earthcatalog::geoparquet {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using iceberg::NestedField;

std::optional<int> field_id(const arrow::Field& field) {
  if (!field.metadata()) return std::nullopt;
  const auto text = field.metadata()->Get("PARQUET:field_id");
  int id = 0;
  if (!text.ok() || std::from_chars(text->data(), text->data() + text->size(), id).ec != std::errc()) return {};
  return id;
}

// A file either has field ids or it has none: members are looked up as the columns are.
class Conformer {
 public:
  explicit Conformer(const arrow::Schema& schema) {
    for (const auto& field : schema.fields()) by_id_ |= field_id(*field).has_value();
  }

  int find(const arrow::FieldVector& fields, const NestedField& wanted) const {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (by_id_ ? field_id(*fields[i]) == wanted.field_id : fields[i]->name() == wanted.name)
        return static_cast<int>(i);
    }
    return -1;
  }

  Result<ArrayPtr> column(const ArrayPtr& values, const NestedField& wanted) const {
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
      const int at = find(values->type()->fields(), member);
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

  bool by_id_ = false;
};

Result<std::shared_ptr<arrow::RecordBatch>> conform_rows(const arrow::RecordBatch& rows,
                                                         const iceberg::Schema& schema) {
  const Conformer conformer(*rows.schema());
  auto wanted = arrow_schema(schema);
  arrow::ArrayVector columns;
  for (const NestedField& field : schema.fields) {
    const int at = conformer.find(rows.schema()->fields(), field);
    const auto& type = wanted->field(static_cast<int>(columns.size()))->type();
    EC_ASSIGN_OR_RETURN(ArrayPtr column, at < 0 ? conformer.missing(field, type, rows.num_rows())
                                                : conformer.column(rows.column(at), field));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(std::move(wanted), rows.num_rows(), std::move(columns));
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> conform(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                    const iceberg::Schema& schema) {
  return guarded(ErrorKind::kInvalidData, [&] { return conform_rows(*rows, schema); });
}

std::vector<std::string> names_in_file(const arrow::Schema& file, const iceberg::Schema& schema) {
  const Conformer conformer(file);
  std::vector<std::string> names;
  for (const NestedField& field : schema.fields) {
    if (const int at = conformer.find(file.fields(), field); at >= 0) names.push_back(file.field(at)->name());
  }
  return names;
}

}  // namespace earthcatalog::geoparquet
