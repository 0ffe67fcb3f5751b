#include "earthcatalog/geoparquet/footer.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "earthcatalog/geoparquet/arrow_edge.h"
#include "earthcatalog/geoparquet/layout.h"
#include "earthcatalog/iceberg/metadata/values.h"

namespace earthcatalog::geoparquet {
namespace {

using iceberg::NestedField;
using iceberg::TypeId;

// --- columns

std::optional<TypeId> type_id(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return TypeId::kString;
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
      return TypeId::kBinary;
    case arrow::Type::BOOL:
      return TypeId::kBoolean;
    case arrow::Type::INT32:
      return TypeId::kInt;
    case arrow::Type::INT64:
      return TypeId::kLong;
    case arrow::Type::FLOAT:
      return TypeId::kFloat;
    case arrow::Type::DOUBLE:
      return TypeId::kDouble;
    case arrow::Type::DATE32:
      return TypeId::kDate;
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).timezone().empty() ? TypeId::kTimestamp
                                                                               : TypeId::kTimestampTz;
    case arrow::Type::STRUCT:
      return TypeId::kStruct;
    default:
      return std::nullopt;
  }
}

int field_id(const arrow::Field& field) {
  if (!field.metadata()) return 0;
  const auto text = field.metadata()->Get("PARQUET:field_id");
  int id = 0;
  if (text.ok()) std::from_chars(text->data(), text->data() + text->size(), id);
  return std::max(id, 0);
}

struct IdCount {
  int with = 0, without = 0;
};

Result<NestedField> column_of(const arrow::Field& field, IdCount& ids) {
  const auto type = type_id(*field.type());
  if (!type) {
    return fail(ErrorKind::kUnsupported, "column \"{}\" has type {}", field.name(), field.type()->ToString());
  }
  NestedField column;
  column.name = field.name();
  column.field_id = field_id(field);
  column.type.id = *type;
  ++(column.field_id > 0 ? ids.with : ids.without);
  for (const auto& member : field.type()->fields()) {
    EC_ASSIGN_OR_RETURN(auto part, column_of(*member, ids));
    column.type.fields.push_back(std::move(part));
  }
  return column;
}

// --- counts and bounds

template <class T>
std::string bound_of(T value, bool lower) {
  if constexpr (std::is_floating_point_v<T>) {
    if (value == 0) value = lower ? -T{0} : T{0};
  }
  return iceberg::serialize_value(value);
}

// The bounds of one leaf over all row groups; none once one of them does not tell.
class Bounds {
 public:
  explicit Bounds(const Leaf& leaf) : leaf_(leaf) {}

  void add(const parquet::Statistics* statistics, std::int64_t rows) {
    if (statistics != nullptr && statistics->HasNullCount()) {
      nulls_ += statistics->null_count();
      if (statistics->null_count() == rows) return;
    } else {
      nulls_known_ = false;
    }
    known_ = known_ && statistics != nullptr && statistics->HasMinMax() && include(*statistics);
  }

  void describe(iceberg::DataFile& file) const {
    if (nulls_known_) file.null_value_counts[leaf_.field_id] = nulls_;
    if (!leaf_.bounded || !known_ || !lower_) return;
    file.lower_bounds[leaf_.field_id] = serialized(*lower_, true).value_or("");
    if (auto upper = serialized(*upper_, false)) file.upper_bounds[leaf_.field_id] = *std::move(upper);
  }

 private:
  using Value = std::variant<bool, std::int32_t, std::int64_t, float, double, std::string>;

  static std::optional<std::string> serialized(const Value& value, bool lower) {
    return std::visit(
        [lower](const auto& v) -> std::optional<std::string> {
          if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>) {
            return lower ? iceberg::truncate_lower_bound(v) : iceberg::truncate_upper_bound(v);
          } else {
            return bound_of(v, lower);
          }
        },
        value);
  }

  template <class ParquetType>
  bool include_typed(const parquet::Statistics& statistics) {
    const auto& typed = static_cast<const parquet::TypedStatistics<ParquetType>&>(statistics);
    if constexpr (std::is_same_v<ParquetType, parquet::ByteArrayType>) {
      widen(std::string(parquet::ByteArrayToString(typed.min())), std::string(parquet::ByteArrayToString(typed.max())));
    } else {
      if constexpr (std::is_floating_point_v<typename ParquetType::c_type>) {
        if (std::isnan(typed.min()) || std::isnan(typed.max())) return false;
      }
      widen(typed.min(), typed.max());
    }
    return true;
  }

  template <class T>
  void widen(T lower, T upper) {
    if (!lower_ || lower < std::get<T>(*lower_)) lower_ = std::move(lower);
    if (!upper_ || std::get<T>(*upper_) < upper) upper_ = std::move(upper);
  }

  // False when the file stores the values otherwise than Iceberg does: then there are no bounds.
  bool include(const parquet::Statistics& statistics) {
    switch (leaf_.type) {
      case TypeId::kBoolean:
        return statistics.physical_type() == parquet::Type::BOOLEAN && include_typed<parquet::BooleanType>(statistics);
      case TypeId::kInt:
      case TypeId::kDate:
        return statistics.physical_type() == parquet::Type::INT32 && include_typed<parquet::Int32Type>(statistics);
      case TypeId::kTimestamp:
      case TypeId::kTimestampTz:
        return statistics.physical_type() == parquet::Type::INT64 && is_micros(*statistics.descr()) &&
               include_typed<parquet::Int64Type>(statistics);
      case TypeId::kLong:
        return statistics.physical_type() == parquet::Type::INT64 && include_typed<parquet::Int64Type>(statistics);
      case TypeId::kFloat:
        return statistics.physical_type() == parquet::Type::FLOAT && include_typed<parquet::FloatType>(statistics);
      case TypeId::kDouble:
        return statistics.physical_type() == parquet::Type::DOUBLE && include_typed<parquet::DoubleType>(statistics);
      case TypeId::kString:
        return statistics.physical_type() == parquet::Type::BYTE_ARRAY &&
               include_typed<parquet::ByteArrayType>(statistics);
      case TypeId::kBinary:
      case TypeId::kStruct:
      case TypeId::kOther:
        return false;
    }
    return false;
  }

  static bool is_micros(const parquet::ColumnDescriptor& column) {
    const auto& type = column.logical_type();
    return type && type->is_timestamp() &&
           static_cast<const parquet::TimestampLogicalType&>(*type).time_unit() ==
               parquet::LogicalType::TimeUnit::MICROS;
  }

  const Leaf& leaf_;
  std::int64_t nulls_ = 0;
  bool nulls_known_ = true, known_ = true;
  std::optional<Value> lower_, upper_;
};

// The file's column for a leaf, or -1.
int find_column(const parquet::SchemaDescriptor& columns, const Leaf& leaf, bool by_id) {
  for (int i = 0; i < columns.num_columns(); ++i) {
    const auto& column = *columns.Column(i);
    const bool same =
        by_id ? column.schema_node()->field_id() == leaf.field_id : column.path()->ToDotString() == leaf.path;
    if (same) return i;
  }
  return -1;
}

void describe_leaf(const parquet::FileMetaData& footer, const Leaf& leaf, int column, iceberg::DataFile& file) {
  Bounds bounds(leaf);
  std::int64_t bytes = 0;
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    const auto row_group = footer.RowGroup(group);
    const auto chunk = row_group->ColumnChunk(column);
    bytes += chunk->total_compressed_size();
    const auto statistics = chunk->is_stats_set() ? chunk->statistics() : nullptr;
    bounds.add(statistics.get(), row_group->num_rows());
  }
  file.column_sizes[leaf.field_id] = bytes;
  file.value_counts[leaf.field_id] = footer.num_rows();
  bounds.describe(file);
}

std::int64_t start_of(const parquet::RowGroupMetaData& group) {
  const auto first = group.ColumnChunk(0);
  return first->has_dictionary_page() ? std::min(first->dictionary_page_offset(), first->data_page_offset())
                                      : first->data_page_offset();
}

}  // namespace

Result<FileSchema> file_schema(const FileReader& reader) {
  FileSchema result{.schema = {}, .has_field_ids = false, .rows = reader.rows()};
  IdCount ids;
  for (const auto& field : reader.schema()->fields()) {
    EC_ASSIGN_OR_RETURN(auto column, annotate(column_of(*field, ids), reader.name()));
    result.schema.fields.push_back(std::move(column));
  }
  if (ids.with > 0 && ids.without > 0) {
    return fail(ErrorKind::kInvalidData, "{}: {} columns have a field id, {} have none", reader.name(), ids.with,
                ids.without);
  }
  result.has_field_ids = ids.with > 0;
  return result;
}

Result<iceberg::DataFile> describe_file(const FileReader& reader, std::int64_t size_bytes,
                                        const iceberg::Schema& schema, const iceberg::PartitionKey& partition) {
  const auto describe = [&]() -> Result<iceberg::DataFile> {
    EC_ASSIGN_OR_RETURN(const auto leaves, leaves_of(schema));
    const auto& footer = reader.footer();
    iceberg::DataFile file;
    file.file_path = reader.name();
    file.partition = partition;
    file.record_count = footer.num_rows();
    file.file_size_in_bytes = size_bytes;
    for (int group = 0; group < footer.num_row_groups(); ++group) {
      file.split_offsets.push_back(start_of(*footer.RowGroup(group)));
    }
    const auto& columns = *footer.schema();
    const bool by_id = columns.num_columns() > 0 && columns.Column(0)->schema_node()->field_id() > 0;
    for (const Leaf& leaf : leaves) {
      const int column = find_column(columns, leaf, by_id);
      if (column >= 0) describe_leaf(footer, leaf, column, file);
    }
    return file;
  };
  return name_object(guarded(ErrorKind::kInvalidData, describe), "reading", reader.name());
}

}  // namespace earthcatalog::geoparquet
