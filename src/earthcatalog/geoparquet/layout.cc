#include "earthcatalog/geoparquet/layout.h"

#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <arrow/util/config.h>
#include <fmt/format.h>
#include <parquet/types.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "earthcatalog/version.h"

namespace earthcatalog::geoparquet {
namespace {

using iceberg::NestedField;
using iceberg::TypeId;
using parquet::LogicalType;
using parquet::Repetition;
using parquet::schema::GroupNode;
using parquet::schema::NodePtr;
using parquet::schema::NodeVector;
using parquet::schema::PrimitiveNode;

constexpr std::array<std::string_view, 5> kJsonColumns = {"assets", "links", "bbox", "stac_extensions", "stac_extra"};

// Long texts, each its own: a dictionary of them would only be thrown away.
constexpr std::array<std::string_view, 4> kDistinctColumns = {"id", "mid_datetime", "scene_1_id", "scene_2_id"};

// Columns that make up nearly all bytes of a file of a few rows. Setting up zstd for a page costs 16 us on virtual
// machines, as much as writing the page: the short columns of such a file stay as they are.
constexpr std::array<std::string_view, 6> kBulkyColumns = {"id",    "geometry",        "assets",
                                                           "links", "stac_extensions", "stac_extra"};

// A column with more distinct bytes than this gives its dictionary up.
constexpr std::int64_t kDictionaryBytes = 16 << 10;
// A page and its compressed form stay in a core's cache; a tenth faster than 1 MiB, and under 1 % larger.
constexpr std::int64_t kPageBytes = 256 << 10;
constexpr std::int64_t kRowsPerPage = 5'000;
constexpr double kBloomFalsePositives = 0.01;

bool is_bounded(const NestedField& field) {
  return field.type.id != TypeId::kBinary && std::ranges::find(kJsonColumns, field.name) == kJsonColumns.end();
}

bool is_bulky(const Leaf& leaf) { return std::ranges::find(kBulkyColumns, leaf.path) != kBulkyColumns.end(); }

Repetition::type repetition(const NestedField& field) {
  return field.required ? Repetition::REQUIRED : Repetition::OPTIONAL;
}

std::pair<parquet::Type::type, std::shared_ptr<const LogicalType>> parquet_type(TypeId type) {
  switch (type) {
    case TypeId::kBoolean:
      return {parquet::Type::BOOLEAN, LogicalType::None()};
    case TypeId::kInt:
      return {parquet::Type::INT32, LogicalType::None()};
    case TypeId::kLong:
      return {parquet::Type::INT64, LogicalType::None()};
    case TypeId::kFloat:
      return {parquet::Type::FLOAT, LogicalType::None()};
    case TypeId::kDouble:
      return {parquet::Type::DOUBLE, LogicalType::None()};
    case TypeId::kString:
      return {parquet::Type::BYTE_ARRAY, LogicalType::String()};
    case TypeId::kDate:
      return {parquet::Type::INT32, LogicalType::Date()};
    case TypeId::kTimestampTz:
      return {parquet::Type::INT64, LogicalType::Timestamp(true, LogicalType::TimeUnit::MICROS)};
    case TypeId::kTimestamp:
      return {parquet::Type::INT64, LogicalType::Timestamp(false, LogicalType::TimeUnit::MICROS)};
    case TypeId::kBinary:
    case TypeId::kStruct:
    case TypeId::kOther:
      break;
  }
  return {parquet::Type::BYTE_ARRAY, LogicalType::None()};
}

NodePtr node_of(const NestedField& field) {
  if (field.type.id != TypeId::kStruct) {
    auto [physical, logical] = parquet_type(field.type.id);
    return PrimitiveNode::Make(field.name, repetition(field), std::move(logical), physical, -1, field.field_id);
  }
  NodeVector children;
  for (const NestedField& child : field.type.fields) children.push_back(node_of(child));
  return GroupNode::Make(field.name, repetition(field), children, nullptr, field.field_id);
}

Leaf leaf_of(const NestedField& field, int column) {
  return Leaf{.field_id = field.field_id,
              .path = field.name,
              .type = field.type.id,
              .column = column,
              .nullable = !field.required,
              .bounded = is_bounded(field)};
}

Status add_members(const NestedField& field, int column, std::vector<Leaf>& leaves) {
  int number = 0;
  for (const NestedField& child : field.type.fields) {
    EC_TRY(check_known(child));
    if (child.type.id == TypeId::kStruct) {
      return fail(ErrorKind::kUnsupported, "column {}.{}: a struct within a struct", field.name, child.name);
    }
    Leaf leaf = leaf_of(child, column);
    leaf.path = field.name + "." + child.name;
    leaf.child = number++;
    leaf.parent_nullable = !field.required;
    leaves.push_back(std::move(leaf));
  }
  if (number == 0) return fail(ErrorKind::kUnsupported, "column {}: a struct without members", field.name);
  return {};
}

bool is_bbox_column(const NestedField& field) {
  constexpr std::array<std::string_view, 4> kMembers = {"xmin", "ymin", "xmax", "ymax"};
  return field.name == "geometry_bbox" && std::ranges::equal(field.type.fields, kMembers, {}, &NestedField::name) &&
         std::ranges::all_of(field.type.fields, [](const NestedField& f) { return f.type.id == TypeId::kDouble; });
}

std::shared_ptr<arrow::Field> arrow_field(const NestedField& field) {
  if (field.type.id != TypeId::kStruct) return arrow::field(field.name, arrow_type(field.type.id), !field.required);
  arrow::FieldVector children;
  for (const NestedField& child : field.type.fields) children.push_back(arrow_field(child));
  return arrow::field(field.name, arrow::struct_(children), !field.required);
}

}  // namespace

Status check_known(const NestedField& field) {
  if (field.type.id != TypeId::kOther) return {};
  return fail(ErrorKind::kUnsupported, "column \"{}\" of type {} is another engine's: it is neither read nor written",
              field.name, iceberg::type_name(field.type));
}

std::shared_ptr<arrow::DataType> arrow_type(TypeId type) {
  switch (type) {
    case TypeId::kBoolean:
      return arrow::boolean();
    case TypeId::kInt:
      return arrow::int32();
    case TypeId::kLong:
      return arrow::int64();
    case TypeId::kFloat:
      return arrow::float32();
    case TypeId::kDouble:
      return arrow::float64();
    case TypeId::kString:
      return arrow::utf8();
    case TypeId::kTimestampTz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeId::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeId::kDate:
      return arrow::date32();
    case TypeId::kBinary:
    case TypeId::kStruct:
    case TypeId::kOther:
      break;
  }
  return arrow::binary();
}

std::shared_ptr<arrow::Schema> arrow_schema(const iceberg::Schema& schema) {
  arrow::FieldVector fields;
  for (const NestedField& field : schema.fields) fields.push_back(arrow_field(field));
  return arrow::schema(std::move(fields));
}

Result<std::vector<Leaf>> leaves_of(const iceberg::Schema& schema) {
  std::vector<Leaf> leaves;
  int column = 0;
  for (const NestedField& field : schema.fields) {
    EC_TRY(check_known(field));
    if (field.type.id == TypeId::kStruct) {
      EC_TRY(add_members(field, column, leaves));
    } else {
      leaves.push_back(leaf_of(field, column));
    }
    ++column;
  }
  return leaves;
}

Result<Layout> make_layout(const iceberg::Schema& schema) {
  if (schema.fields.empty()) return fail(ErrorKind::kInvalidArgument, "a table without columns");
  Layout layout;
  EC_ASSIGN_OR_RETURN(layout.leaves, leaves_of(schema));
  layout.rows = arrow_schema(schema);
  NodeVector nodes;
  for (const NestedField& field : schema.fields) {
    if (field.name == "geometry" && field.type.id == TypeId::kBinary) layout.geometry = static_cast<int>(nodes.size());
    layout.has_bbox_column |= is_bbox_column(field);
    nodes.push_back(node_of(field));
  }
  layout.root = std::static_pointer_cast<GroupNode>(GroupNode::Make("schema", Repetition::REQUIRED, nodes));
  return layout;
}

namespace {

// Level 1 looks for repetitions of 7 bytes and more, which suits texts: level 3 finds shorter ones, pays more for them
// than they save, and takes longer. Coordinates repeat in 8 bytes and less: they need level 3's parameters, but not its
// two hash tables (ZSTD_dfast) nor their size, which cost a third more time for 2 % less. What repeats in either does
// so within 128 KiB: a larger window makes files slower to write, not smaller.
std::shared_ptr<parquet::CodecOptions> codec_options(const Leaf& leaf, const WriteOptions& options) {
  constexpr int kWindowLog = 101, kHashLog = 102, kStrategy = 107, kFast = 1;  // ZSTD_c_windowLog ..., ZSTD_fast
  auto result = std::make_shared<arrow::util::ZstdCodecOptions>();
  result->compression_level = options.zstd_level;
  if (options.zstd_level == 1) result->compression_context_params = {{kWindowLog, 17}};
  if (leaf.type == TypeId::kString) return result;
  result->compression_level += 2;
  if (options.zstd_level == 1) {
    result->compression_context_params.insert(result->compression_context_params.end(),
                                              {{kStrategy, kFast}, {kHashLog, 15}});
  }
  return result;
}

enum class FileSize { kTiny, kSmall, kLarge };

void set_column(parquet::WriterProperties::Builder& builder, const Leaf& leaf, const WriteOptions& options,
                FileSize size) {
  if (size == FileSize::kTiny && !is_bulky(leaf)) {
    builder.compression(leaf.path, parquet::Compression::UNCOMPRESSED);
  } else {
    builder.compression(leaf.path, parquet::Compression::ZSTD)->codec_options(leaf.path, codec_options(leaf, options));
  }
  if (!leaf.bounded) builder.disable_statistics(leaf.path);
  if (leaf.path == "id" && leaf.type == TypeId::kString) {
    builder.enable_bloom_filter(leaf.path, {.ndv = options.row_group_rows, .fpp = kBloomFalsePositives});
  }
  if (size != FileSize::kLarge) return;
  const bool text = leaf.type == TypeId::kString && leaf.bounded;
  const bool number = leaf.type == TypeId::kLong || leaf.type == TypeId::kInt;
  const bool distinct = std::ranges::find(kDistinctColumns, leaf.path) != kDistinctColumns.end();
  if ((text || number) && !distinct) builder.enable_dictionary(leaf.path);
  if (leaf.type == TypeId::kTimestampTz) builder.encoding(leaf.path, parquet::Encoding::DELTA_BINARY_PACKED);
}

std::shared_ptr<parquet::WriterProperties> properties_for(const Layout& layout, const WriteOptions& options,
                                                          FileSize size) {
  parquet::WriterProperties::Builder builder;
  // "application version x (build y)" is the form that readers parse; an unparsable one makes some ignore statistics.
  builder
      .created_by(fmt::format("earthcatalog version {} (build parquet-cpp-arrow {})", kVersion, ARROW_VERSION_STRING))
      ->max_row_group_length(options.row_group_rows)
      ->max_rows_per_page(kRowsPerPage)
      ->data_pagesize(kPageBytes)
      ->dictionary_pagesize_limit(kDictionaryBytes)
      ->set_size_statistics_level(parquet::SizeStatisticsLevel::None)
      ->enable_page_checksum()
      ->enable_write_page_index()
      ->disable_dictionary();
  for (const Leaf& leaf : layout.leaves) set_column(builder, leaf, options, size);
  return builder.build();
}

}  // namespace

// NOLINTBEGIN(clang-analyzer-cplusplus.NewDeleteLeaks): the analyzer loses count of the builder's shared pointers.
FileProperties make_properties(const Layout& layout, const WriteOptions& options) {
  return {.tiny = properties_for(layout, options, FileSize::kTiny),
          .small = properties_for(layout, options, FileSize::kSmall),
          .large = properties_for(layout, options, FileSize::kLarge)};
}
// NOLINTEND(clang-analyzer-cplusplus.NewDeleteLeaks)

}  // namespace earthcatalog::geoparquet
