#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "earthcatalog/stac/item_batch.h"
#include "earthcatalog/stac/json_string.h"
#include "earthcatalog/stac/read/known_properties.h"
#include "earthcatalog/stac/write/column_reader.h"
#include "earthcatalog/stac/write/extra_reader.h"
#include "earthcatalog/stac/write/geojson_writer.h"

namespace earthcatalog::stac {
namespace {

bool overrides(const std::vector<ExtraMember>& members, std::string_view name) {
  return std::ranges::find(members, name, &ExtraMember::name) != members.end();
}

void append_separator(std::string& out) {
  if (out.back() != '{') out += ',';
}

void append_members(const std::vector<ExtraMember>& members, std::string& out) {
  for (const ExtraMember& member : members) {
    append_separator(out);
    out += '"';
    out += member.key;
    out += "\":";
    out += member.value;
  }
}

}  // namespace

class ItemWriter::Impl {
 public:
  explicit Impl(const arrow::RecordBatch& rows) {
    for (int i = 0; i < rows.num_columns(); ++i) {
      const std::string& name = rows.column_name(i);
      if (name == "stac_extra") {
        extra_.emplace(name, rows.column(i));
      } else if (is_member_column(name)) {
        members_.emplace_back(name, rows.column(i));
      } else if (!is_row_column(name)) {
        properties_.emplace_back(name, rows.column(i));
      }
    }
  }

  Status append_json(std::int64_t row, std::string& out) {
    std::string_view extra_text;
    if (extra_ && !extra_->is_null(row)) {
      EC_ASSIGN_OR_RETURN(extra_text, extra_->text(row));
    }
    EC_ASSIGN_OR_RETURN(const Extra extra, annotate(extra_reader_.read_extra(extra_text), "column stac_extra"));
    out += "{\"type\":\"Feature\"";
    for (const ColumnReader& column : members_) {
      if (column.name() == "type" || column.is_null(row) || overrides(extra.members, column.name())) continue;
      out += ',';
      append_quoted(column.name(), out);
      out += ':';
      EC_TRY(annotate(append_member(column, row, out), fmt::format("column {}", column.name())));
    }
    append_members(extra.members, out);
    EC_TRY(append_properties(extra, row, out));
    out += '}';
    return {};
  }

 private:
  Status append_member(const ColumnReader& column, std::int64_t row, std::string& out) {
    const std::string& name = column.name();
    EC_ASSIGN_OR_RETURN(const std::string_view text, column.text(row));
    if (name == "geometry") return append_geojson(text, out);
    if (name == "id" || name == "collection" || name == "stac_version") {
      append_quoted(text, out);
      return {};
    }
    EC_ASSIGN_OR_RETURN(const std::string_view json, text_reader_.read_text(text));
    out += json;
    return {};
  }

  Status append_properties(const Extra& extra, std::int64_t row, std::string& out) const {
    if (extra.kind == Extra::Properties::kAbsent) return {};
    out += ",\"properties\":";
    if (extra.kind == Extra::Properties::kReplaced) {
      out += extra.instead;
      return {};
    }
    out += '{';
    for (const ColumnReader& column : properties_) {
      if (column.is_null(row) || overrides(extra.properties, column.name())) continue;
      append_separator(out);
      append_quoted(column.name(), out);
      out += ':';
      EC_TRY(column.append_scalar(row, out));
    }
    append_members(extra.properties, out);
    out += '}';
    return {};
  }

  std::vector<ColumnReader> members_, properties_;
  std::optional<ColumnReader> extra_;
  ExtraReader extra_reader_, text_reader_;
};

ItemWriter::ItemWriter(std::shared_ptr<arrow::RecordBatch> rows) : impl_(std::make_unique<Impl>(*rows)) {}
ItemWriter::~ItemWriter() = default;

Status ItemWriter::append_json(std::int64_t row, std::string& out) const {
  const std::size_t before = out.size();
  Status status = impl_->append_json(row, out);
  if (!status) out.resize(before);
  return annotate(std::move(status), fmt::format("row {}", row));
}

}  // namespace earthcatalog::stac
