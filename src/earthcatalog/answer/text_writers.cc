#include "earthcatalog/answer/text_writers.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <utility>

#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::answer {
namespace {

iceberg::Schema item_columns(const read::TableReader& table) {
  iceberg::Schema schema;
  for (const auto& column : table.item_schema().columns) {
    if (const auto* const field = table.schema().find(column.name)) schema.fields.push_back(*field);
  }
  return schema;
}

iceberg::Schema one_column(const read::TableReader& table, const char* name) {
  iceberg::Schema schema;
  if (const auto* const field = table.schema().find(name)) schema.fields.push_back(*field);
  return schema;
}

Status written(Result<bool> more) {
  if (!more) return std::unexpected(std::move(more).error());
  return {};
}

// Items as JSON, between and around which there is text.
class Items : public TextWriter {
 public:
  Items(const read::TableReader& table, Output output) : TextWriter(item_columns(table), std::move(output)) {}

  Result<search::Piece> make(const std::shared_ptr<arrow::RecordBatch>& rows,
                             std::span<const std::int64_t> found) const override {
    search::Piece piece;
    const stac::ItemWriter writer(rows);
    for (const auto row : found) {
      piece.text += before_;
      EC_TRY(writer.append_json(row, piece.text));
      piece.text += after_;
      piece.ends.push_back(piece.text.size());
    }
    return piece;
  }

 protected:
  std::string_view before_, after_ = "\n";
};

class Geojson final : public Items {
 public:
  Geojson(const read::TableReader& table, Output output) : Items(table, std::move(output)) {
    before_ = ",", after_ = "";
  }
  Status begin() override { return written(output_(R"({"type":"FeatureCollection","features":[)")); }
  Result<bool> take(search::Piece&& piece, std::size_t) override {
    return output_(std::string_view(piece.text).substr(std::exchange(first_, 0)));
  }
  Status finish(const Ending& ending) override {
    const auto next = ending.next ? fmt::format(R"(,"next":"{}")", *ending.next) : std::string();
    return written(output_(fmt::format("],\"numberReturned\":{}{}}}\n", ending.items, next)));
  }

 private:
  std::size_t first_ = 1;  // letters: no comma stands before the first item
};

class Ids final : public TextWriter {
 public:
  Ids(const read::TableReader& table, Output output) : TextWriter(one_column(table, "id"), std::move(output)) {}

  Result<search::Piece> make(const std::shared_ptr<arrow::RecordBatch>& rows,
                             std::span<const std::int64_t> found) const override {
    search::Piece piece;
    const auto* const ids = dynamic_cast<const arrow::StringArray*>(rows->GetColumnByName("id").get());
    for (const auto row : found) {
      if (ids != nullptr) piece.text += ids->GetView(row);
      piece.text += '\n';
      piece.ends.push_back(piece.text.size());
    }
    return piece;
  }
};

class Count final : public TextWriter {
 public:
  explicit Count(Output output) : TextWriter({}, std::move(output)) {}
  Result<search::Piece> make(const std::shared_ptr<arrow::RecordBatch>&, std::span<const std::int64_t>) const override {
    return search::Piece();
  }
  Result<bool> take(search::Piece&&, std::size_t) override { return true; }
  Status finish(const Ending& ending) override { return written(output_(fmt::format("{}\n", ending.items))); }
};

}  // namespace

Result<bool> TextWriter::take(search::Piece&& piece, std::size_t) { return output_(piece.text); }

Result<std::unique_ptr<Writer>> make_writer(Format format, const read::TableReader& table, Output output) {
  switch (format) {
    case Format::kNdjson:
      return std::make_unique<Items>(table, std::move(output));
    case Format::kGeojson:
      return std::make_unique<Geojson>(table, std::move(output));
    case Format::kIds:
      return std::make_unique<Ids>(table, std::move(output));
    case Format::kCount:
      break;
  }
  return std::make_unique<Count>(std::move(output));
}

}  // namespace earthcatalog::answer
