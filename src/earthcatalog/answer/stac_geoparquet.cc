#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "earthcatalog/answer/column_writers.h"
#include "earthcatalog/answer/json_shape.h"
#include "earthcatalog/answer/parquet_file.h"
#include "earthcatalog/answer/text_writers.h"
#include "earthcatalog/extsort/scratch_file.h"
#include "earthcatalog/stac/item_batch.h"
#include "earthcatalog/stac/read/known_properties.h"
#include "earthcatalog/storage/arrow_status.h"

namespace earthcatalog::answer {
namespace {

constexpr const char* kMetadataKey = "stac-geoparquet";
constexpr const char* kMetadata = R"({"version":"1.0.0"})";
constexpr std::string_view kGeometry = "geometry", kBbox = "bbox", kProperties = "properties";
constexpr std::array<const char*, 6> kBoxMembers = {"xmin", "ymin", "zmin", "xmax", "ymax", "zmax"};
constexpr std::size_t kMostLeaves = 10'000;
constexpr std::int64_t kBatchRows = 1'000;

Status from_arrow(const arrow::Status& status) {
  if (!status.ok()) return std::unexpected(storage::from_arrow(status));
  return {};
}

// Properties that are times by the specification, by an extension, or by the table.
std::set<std::string, std::less<>> times_of(const read::TableReader& table) {
  std::set<std::string, std::less<>> names;
  for (const auto& column : table.item_schema().columns) {
    if (column.type == stac::ColumnType::kTimestamp) names.insert(column.name);
  }
  return names;
}

// An item as it waits: its WKB, and all else as JSON.
struct Lengths {
  std::uint32_t wkb = 0, json = 0;
};

// The columns of all items: one for each top-level member and each property.
class ItemShape {
 public:
  explicit ItemShape(std::set<std::string, std::less<>> times) : times_(std::move(times)) {
    for (const char* list : {"links", "stac_extensions"}) {
      columns_[list].kind = JsonShape::Kind::kList;
      columns_[list].element = std::make_unique<JsonShape>();
    }
    for (const char* text : {"id", "collection", "stac_version"}) columns_[text].become_text();
  }

  Status add(JsonValue item) {
    return visit(item, [&](std::string_view name, JsonValue value, bool property) -> Status {
      auto found = columns_.find(name);
      if (found == columns_.end()) found = columns_.emplace(std::string(name), JsonShape()).first;
      found->second.add(value, property && is_time(name));
      return {};
    });
  }
  void add_box(std::size_t numbers) { heights_ = heights_ || numbers == 6; }

  Status check() const {
    std::size_t leaves = 0;
    for (const auto& [name, shape] : columns_) leaves += shape.leaves();
    if (leaves <= kMostLeaves) return {};
    return fail(ErrorKind::kUnsupported,
                "stac-geoparquet has a column for each asset and property by its name; these items would need {}, more "
                "than {}: take geoparquet, or leave parts out by `fields`",
                leaves, kMostLeaves);
  }

  std::shared_ptr<arrow::Schema> schema() const {
    arrow::FieldVector fields;
    for (const auto& [name, shape] : columns_) fields.push_back(arrow::field(name, shape.type()));
    arrow::FieldVector box;
    for (const char* member : kBoxMembers) {
      if (member[0] != 'z' || heights_) box.push_back(arrow::field(member, arrow::float64()));
    }
    fields.push_back(arrow::field(std::string(kBbox), arrow::struct_(box)));
    fields.push_back(arrow::field(std::string(kGeometry), arrow::binary()));
    return arrow::schema(std::move(fields));
  }

  const std::map<std::string, JsonShape, std::less<>>& columns() const { return columns_; }

  // Calls `use(name, value, property)` for each column of the item but geometry and bbox.
  template <class Use>
  static Status visit(JsonValue item, Use use) {
    for (const auto& [name, value] : members_of(item)) {
      if (name == "type" || name == kBbox || name == kGeometry) continue;
      if (name != kProperties || !value.is_object()) {
        EC_TRY(use(name, value, false));
        continue;
      }
      for (const auto& [property, inner] : members_of(value)) {
        if (property == "type" || property == kBbox || property == kGeometry ||
            item.at_key(property).error() == simdjson::SUCCESS) {
          return fail(ErrorKind::kUnsupported,
                      "stac-geoparquet puts properties beside the other members: the property {} has the name of one; "
                      "leave it out by `fields` -properties.{}, or take another format",
                      std::string_view(property), std::string_view(property));
        }
        EC_TRY(use(property, inner, true));
      }
    }
    return {};
  }

 private:
  bool is_time(std::string_view property) const {
    return times_.contains(property) || stac::known_property_type(property) == stac::ColumnType::kTimestamp;
  }

  const std::set<std::string, std::less<>> times_;
  std::map<std::string, JsonShape, std::less<>> columns_;
  bool heights_ = false;
};

// The numbers of a bbox; none for what is no bbox.
std::vector<double> box_of(JsonValue item) {
  std::vector<double> box;
  const auto bbox = item.at_key(kBbox);
  if (bbox.error() != simdjson::SUCCESS || !bbox.is_array()) return box;
  for (const auto each : elements_of(bbox.value_unsafe())) {
    const auto number = each.get_double();
    if (number.error() != simdjson::SUCCESS) return {};
    box.push_back(number.value_unsafe());
  }
  return box.size() == 4 || box.size() == 6 ? box : std::vector<double>();
}

// False when a member that has a type by the specification is of another.
bool fits(JsonValue item) {
  const auto is_there = [&](std::string_view name) {
    const auto member = item.at_key(name);
    return member.error() == simdjson::SUCCESS && !member.is_null();
  };
  // What is a geometry has been taken out.
  return !is_there(kGeometry) && (!is_there(kBbox) || !box_of(item).empty());
}

// Rows of the shape, from items.
class Rows {
 public:
  explicit Rows(const ItemShape& shape) : shape_(shape), schema_(shape.schema()) {}

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  std::int64_t size() const { return count_; }

  Status add(JsonValue item, std::string_view wkb) {
    if (builders_.empty()) EC_TRY(begin());
    std::map<std::string_view, JsonValue> values;
    EC_TRY(ItemShape::visit(item, [&](std::string_view name, JsonValue value, bool) -> Status {
      values.emplace(name, value);
      return {};
    }));
    std::size_t at = 0;
    for (const auto& [name, shape] : shape_.columns()) {
      auto& builder = *builders_[at++];
      const auto value = values.find(name);
      EC_TRY(value != values.end() ? shape.append(value->second, builder) : append_none(name, builder));
    }
    EC_TRY(append_box(box_of(item), static_cast<arrow::StructBuilder&>(*builders_[at++])));
    auto& geometry = static_cast<arrow::BinaryBuilder&>(*builders_[at]);
    EC_TRY(from_arrow(wkb.empty() ? geometry.AppendNull() : geometry.Append(wkb)));
    ++count_;
    return {};
  }

  Result<std::shared_ptr<arrow::RecordBatch>> finish() {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const auto& builder : builders_) EC_TRY(from_arrow(builder->Finish(&columns.emplace_back())));
    return arrow::RecordBatch::Make(schema_, std::exchange(count_, 0), std::move(columns));
  }

 private:
  Status begin() {
    for (const auto& field : schema_->fields()) {
      EC_TRY(from_arrow(arrow::MakeBuilder(arrow::default_memory_pool(), field->type(), &builders_.emplace_back())));
    }
    return {};
  }

  // Members that an item must have are empty without it.
  static Status append_none(std::string_view name, arrow::ArrayBuilder& builder) {
    const bool must_be = name == "links" || name == "stac_extensions";
    return from_arrow(must_be ? builder.AppendEmptyValue() : builder.AppendNull());
  }

  static Status append_box(const std::vector<double>& box, arrow::StructBuilder& builder) {
    if (box.empty()) return from_arrow(builder.AppendNull());
    EC_TRY(from_arrow(builder.Append()));
    const bool heights = builder.num_fields() == 6;
    std::size_t next = 0;
    for (int i = 0; i < builder.num_fields(); ++i) {
      auto& member = static_cast<arrow::DoubleBuilder&>(*builder.field_builder(i));
      const bool height = heights && i % 3 == 2;
      if (height && box.size() == 4) {
        EC_TRY(from_arrow(member.AppendNull()));
      } else {
        EC_TRY(from_arrow(member.Append(box[next++])));
      }
    }
    return {};
  }

  const ItemShape& shape_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
  std::int64_t count_ = 0;
};

// All items wait in a scratch file until their columns are known.
class StacGeoparquet final : public Writer {
 public:
  StacGeoparquet(const read::TableReader& table, const WriterOptions& options, Output output)
      : fields_(options.fields),
        columns_(options.fields.json_columns(table)),
        scratch_folder_(options.scratch_folder),
        output_(std::move(output)),
        shape_(times_of(table)) {}

  const iceberg::Schema& columns() const override { return columns_; }

  Result<search::Piece> make(const std::shared_ptr<arrow::RecordBatch>& rows,
                             std::span<const std::int64_t> found) const override {
    search::Piece piece;
    const int geometry = rows->schema()->GetFieldIndex(std::string(kGeometry));
    const auto* const wkb =
        geometry < 0 ? nullptr : dynamic_cast<const arrow::BinaryArray*>(rows->column(geometry).get());
    const auto bare = geometry < 0 ? rows : *rows->RemoveColumn(geometry);
    const auto extra = rows->GetColumnByName("stac_extra");
    const stac::ItemWriter writer(bare);
    std::string json;
    for (const auto row : found) {
      json.clear();
      EC_TRY(writer.append_json(row, json));
      if (fields_.cuts(extra != nullptr && extra->IsValid(row))) fields_.cut(json, 0);
      const auto place = wkb != nullptr && wkb->IsValid(row) ? wkb->GetView(row) : std::string_view();
      const Lengths lengths{static_cast<std::uint32_t>(place.size()), static_cast<std::uint32_t>(json.size())};
      piece.text.append(reinterpret_cast<const char*>(&lengths), sizeof lengths);
      piece.text += place;
      piece.text += json;
      piece.ends.push_back(piece.text.size());
    }
    return piece;
  }

  Result<bool> take(search::Piece&& piece, std::size_t) override {
    if (!scratch_) {
      EC_ASSIGN_OR_RETURN(scratch_, extsort::ScratchFile::create(scratch_folder_));
    }
    EC_TRY(for_each(piece.text, [&](std::string_view, JsonValue item) -> Status {
      shape_.add_box(box_of(item).size());
      if (!fits(item)) ++unfit_;
      return shape_.add(item);
    }));
    EC_TRY(shape_.check());
    EC_TRY(scratch_->append(std::as_bytes(std::span(piece.text))));
    pieces_.push_back(piece.text.size());
    return true;
  }

  Status finish(const Ending&) override {
    Rows rows(shape_);
    EC_ASSIGN_OR_RETURN(const auto file, ParquetFile::open(rows.schema(), std::string(kBbox), output_));
    std::int64_t at = 0;
    bool more = true;
    for (const auto size : pieces_) {
      std::string text(size, '\0');
      EC_TRY(scratch_->read(at, std::as_writable_bytes(std::span(text))));
      at += static_cast<std::int64_t>(size);
      EC_TRY(for_each(text, [&](std::string_view wkb, JsonValue item) -> Status {
        EC_TRY(rows.add(item, wkb));
        if (rows.size() < kBatchRows || !more) return {};
        EC_ASSIGN_OR_RETURN(const auto batch, rows.finish());
        EC_ASSIGN_OR_RETURN(more, file->append(*batch));
        return {};
      }));
      if (!more) return {};
    }
    if (rows.size() > 0) {
      EC_ASSIGN_OR_RETURN(const auto batch, rows.finish());
      EC_ASSIGN_OR_RETURN(more, file->append(*batch));
    }
    return file->finish(kMetadataKey, kMetadata);
  }

  std::string note() const override {
    if (unfit_ == 0) return {};
    return fmt::format("stac-geoparquet has no place for what stands as bbox or geometry of {} items: it is left out",
                       unfit_);
  }

 private:
  // Calls `use(wkb, item)` for each waiting item.
  template <class Use>
  Status for_each(std::string_view text, Use use) {
    while (!text.empty()) {
      Lengths lengths;
      std::memcpy(&lengths, text.data(), sizeof lengths);
      text.remove_prefix(sizeof lengths);
      const auto wkb = text.substr(0, lengths.wkb), json = text.substr(lengths.wkb, lengths.json);
      const auto item = parser_.parse(json.data(), json.size());
      if (item.error() != simdjson::SUCCESS) {
        return fail(ErrorKind::kInvalidData, "an item is no JSON: {}", simdjson::error_message(item.error()));
      }
      const auto id = item.at_key("id");
      EC_TRY(
          annotate(use(wkb, item.value_unsafe()),
                   fmt::format("item {}", id.error() == simdjson::SUCCESS ? simdjson::minify(id.value_unsafe()) : "")));
      text.remove_prefix(lengths.wkb + lengths.json);
    }
    return {};
  }

  const ItemFields fields_;
  const iceberg::Schema columns_;
  const std::string scratch_folder_;
  const Output output_;
  simdjson::dom::parser parser_;
  ItemShape shape_;
  std::optional<extsort::ScratchFile> scratch_;
  std::int64_t unfit_ = 0;           // items that lose a member
  std::vector<std::size_t> pieces_;  // bytes of each in the scratch file
};

}  // namespace

std::unique_ptr<Writer> make_stac_geoparquet(const read::TableReader& table, const WriterOptions& options,
                                             Output output) {
  return std::make_unique<StacGeoparquet>(table, options, std::move(output));
}

}  // namespace earthcatalog::answer
