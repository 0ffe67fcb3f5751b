#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "earthcatalog/answer/text_writers.h"
#include "earthcatalog/stac/write/column_reader.h"
#include "earthcatalog/stac/write/geojson_writer.h"

namespace earthcatalog::answer {
namespace {

// Structs are no cells; the box of a geometry is one.
iceberg::Schema without_structs(iceberg::Schema schema) {
  std::erase_if(schema.fields, [](const auto& field) { return field.type.id == iceberg::TypeId::kStruct; });
  return schema;
}

// Cells of rows as text.
class Cells {
 public:
  Cells(const arrow::RecordBatch& rows, const iceberg::Schema& schema) {
    for (const auto& field : schema.fields) {
      columns_.emplace_back(field.name, rows.GetColumnByName(field.name));
      types_.push_back(field.type.id);
    }
  }

  std::size_t size() const { return columns_.size(); }
  bool is_null(std::size_t column, std::int64_t row) const { return columns_[column].is_null(row); }
  Result<std::string> text(std::size_t column, std::int64_t row) const {
    std::string text;
    if (types_[column] == iceberg::TypeId::kBinary) {
      EC_ASSIGN_OR_RETURN(const auto wkb, columns_[column].text(row));
      EC_TRY(stac::append_geojson(wkb, text));
    } else if (types_[column] == iceberg::TypeId::kString) {
      EC_ASSIGN_OR_RETURN(text, columns_[column].text(row));
    } else {
      EC_TRY(columns_[column].append_scalar(row, text));
      if (text.starts_with('"')) text = text.substr(1, text.size() - 2);  // a time
    }
    return text;
  }

 private:
  std::vector<stac::ColumnReader> columns_;
  std::vector<iceberg::TypeId> types_;
};

// RFC 4180. A missing value is nothing, an empty text "".
void append_csv(std::string_view text, std::string& out) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == text.npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) out += c == '"' ? std::string_view("\"\"") : std::string_view(&c, 1);
  out += '"';
}

class Csv final : public TextWriter {
 public:
  Csv(const read::TableReader& table, const ItemFields& fields, Output output)
      : TextWriter(without_structs(fields.columns(table)), std::move(output)) {}

  Status begin() override {
    std::string line;
    for (const auto& field : columns().fields) {
      if (!line.empty()) line += ',';
      append_csv(field.name, line);
    }
    return status_of(output_(line + "\n"));
  }

  Result<search::Piece> make(const std::shared_ptr<arrow::RecordBatch>& rows,
                             std::span<const std::int64_t> found) const override {
    search::Piece piece;
    const Cells cells(*rows, columns());
    for (const auto row : found) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) piece.text += ',';
        if (cells.is_null(i, row)) continue;
        EC_ASSIGN_OR_RETURN(const auto text, cells.text(i, row));
        append_csv(text, piece.text);
      }
      piece.text += '\n';
      piece.ends.push_back(piece.text.size());
    }
    return piece;
  }
};

constexpr char kCellEnd = '\x1f';

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

// The widest column, which the id mostly is, stands last.
iceberg::Schema shown_columns(const read::TableReader& table, const ItemFields& fields) {
  auto schema = without_structs(fields.columns(table));
  if (!fields.cuts(true)) {
    iceberg::Schema few;
    for (const char* name : {"datetime", "collection", "platform", "eo:cloud_cover"}) {
      if (const auto* const field = schema.find(name)) few.fields.push_back(*field);
    }
    if (const auto* const id = schema.find("id")) few.fields.push_back(*id);
    return few;
  }
  std::ranges::stable_partition(schema.fields, [](const auto& field) { return field.name != "id"; });
  return schema;
}

// The widths of the first rows are those of all.
class Table final : public TextWriter {
 public:
  Table(const read::TableReader& table, const ItemFields& fields, Output output)
      : TextWriter(shown_columns(table, fields), std::move(output)) {}

  Result<search::Piece> make(const std::shared_ptr<arrow::RecordBatch>& rows,
                             std::span<const std::int64_t> found) const override {
    search::Piece piece;
    const Cells cells(*rows, columns());
    for (const auto row : found) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        std::string text = "-";
        if (!cells.is_null(i, row)) {
          EC_ASSIGN_OR_RETURN(text, cells.text(i, row));
        }
        std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
        piece.text += text + kCellEnd;
      }
      piece.ends.push_back(piece.text.size());
    }
    return piece;
  }

  Result<bool> take(search::Piece&& piece, std::size_t count) override {
    const auto cells = split(piece.text);
    std::string lines;
    if (widths_.empty()) lines = head(cells);
    for (std::size_t row = 0; row < count; ++row) {
      for (std::size_t i = 0; i < widths_.size(); ++i) append_cell(cells[row * widths_.size() + i], i, lines);
    }
    return output_(lines);
  }

  Status finish(const Ending& ending) override {
    return status_of(output_(
        fmt::format("{}{} item{}\n", ending.next ? "the first " : "", ending.items, ending.items == 1 ? "" : "s")));
  }

 private:
  static std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> cells;
    while (!text.empty()) {
      const auto end = text.find(kCellEnd);
      cells.push_back(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    return cells;
  }

  std::string head(const std::vector<std::string_view>& cells) {
    std::string line;
    for (const auto& field : columns().fields) widths_.push_back(width_of(field.name));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      auto& width = widths_[i % widths_.size()];
      width = std::max(width, width_of(cells[i]));
    }
    for (std::size_t i = 0; i < widths_.size(); ++i) append_cell(columns().fields[i].name, i, line);
    return line;
  }

  void append_cell(std::string_view cell, std::size_t column, std::string& line) const {
    line += cell;
    const bool last = column + 1 == widths_.size();
    if (last) line += '\n';
    if (!last) line.append(std::max(widths_[column] + 2, width_of(cell) + 1) - width_of(cell), ' ');
  }

  std::vector<std::size_t> widths_;
};

}  // namespace

std::unique_ptr<Writer> make_csv(const read::TableReader& table, const ItemFields& fields, Output output) {
  return std::make_unique<Csv>(table, fields, std::move(output));
}
std::unique_ptr<Writer> make_table(const read::TableReader& table, const ItemFields& fields, Output output) {
  return std::make_unique<Table>(table, fields, std::move(output));
}

}  // namespace earthcatalog::answer
