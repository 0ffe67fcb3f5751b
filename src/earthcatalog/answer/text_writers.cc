#include "earthcatalog/answer/text_writers.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::answer {
namespace {

iceberg::Schema one_column(const read::TableReader& table, const char* name) {
  iceberg::Schema schema;
  if (const auto* const field = table.schema().find(name)) schema.fields.push_back(*field);
  return schema;
}

// Items as JSON, between and around which there is text.
class Items : public TextWriter {
 public:
  Items(const read::TableReader& table, const ItemFields& fields, Output output)
      : TextWriter(fields.json_columns(table), std::move(output)), fields_(fields) {}

  Result<search::Piece> make(const std::shared_ptr<arrow::RecordBatch>& rows,
                             std::span<const std::int64_t> found) const override {
    search::Piece piece;
    const stac::ItemWriter writer(rows);
    const auto extra = rows->GetColumnByName("stac_extra");
    for (const auto row : found) {
      piece.text += before_;
      const auto begin = piece.text.size();
      EC_TRY(writer.append_json(row, piece.text));
      if (fields_.cuts(extra != nullptr && extra->IsValid(row))) fields_.cut(piece.text, begin);
      piece.text += after_;
      piece.ends.push_back(piece.text.size());
    }
    return piece;
  }

 protected:
  std::string_view before_, after_ = "\n";

 private:
  const ItemFields fields_;
};

class Geojson final : public Items {
 public:
  Geojson(const read::TableReader& table, const ItemFields& fields, Output output)
      : Items(table, fields, std::move(output)) {
    before_ = ",", after_ = "";
  }
  Status begin() override { return status_of(output_(R"({"type":"FeatureCollection","features":[)")); }
  Result<bool> take(search::Piece&& piece, std::size_t) override {
    return output_(std::string_view(piece.text).substr(std::exchange(first_, 0)));
  }
  Status finish(const Ending& ending) override {
    const auto next = ending.next ? fmt::format(R"(,"next":"{}")", *ending.next) : std::string();
    return status_of(output_(fmt::format("],\"numberReturned\":{}{}}}\n", ending.items, next)));
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

class Uris final : public TextWriter {
 public:
  Uris(const read::TableReader& table, const std::vector<std::string>& assets, Output output)
      : TextWriter(ItemFields::parse("assets")->json_columns(table), std::move(output)),
        wanted_(assets.begin(), assets.end()) {}

  Result<search::Piece> make(const std::shared_ptr<arrow::RecordBatch>& rows,
                             std::span<const std::int64_t> found) const override {
    search::Piece piece;
    const stac::ItemWriter writer(rows);
    std::string json;
    for (const auto row : found) {
      json.clear();
      EC_TRY(writer.append_json(row, json));
      append_hrefs(nlohmann::ordered_json::parse(json), piece.text);
      piece.ends.push_back(piece.text.size());
    }
    return piece;
  }

  Result<bool> take(search::Piece&& piece, std::size_t count) override {
    printed_ = printed_ || !piece.text.empty();
    return TextWriter::take(std::move(piece), count);
  }
  Status finish(const Ending& ending) override {
    if (printed_ || ending.items == 0 || wanted_.empty()) return {};
    const MutexLock lock(mutex_);
    return fail(ErrorKind::kNotFound, "`asset`: none of {} items has an asset {}; there are {}", ending.items,
                fmt::join(wanted_, " or "), fmt::join(met_, ", "));
  }

 private:
  void append_hrefs(const nlohmann::ordered_json& item, std::string& text) const {
    const auto assets = item.find("assets");
    if (assets == item.end() || !assets->is_object()) return;
    for (const auto& [key, asset] : assets->items()) {
      if (!wanted_.empty() && !wanted_.contains(key)) {
        meet(key);
      } else if (asset.is_object() && asset.contains("href") && asset["href"].is_string()) {
        text += asset["href"].get_ref<const std::string&>();
        text += '\n';
      }
    }
  }

  void meet(const std::string& key) const {
    constexpr std::size_t kEnough = 20;
    const MutexLock lock(mutex_);
    if (met_.size() < kEnough) met_.insert(key);
  }

  const std::set<std::string, std::less<>> wanted_;
  bool printed_ = false;
  mutable Mutex mutex_;
  mutable std::set<std::string, std::less<>> met_ EC_GUARDED_BY(mutex_);  // keys that were not wanted
};

class Count final : public TextWriter {
 public:
  explicit Count(Output output) : TextWriter({}, std::move(output)) {}
  Result<search::Piece> make(const std::shared_ptr<arrow::RecordBatch>&, std::span<const std::int64_t>) const override {
    return search::Piece();
  }
  Result<bool> take(search::Piece&&, std::size_t) override { return true; }
  Status finish(const Ending& ending) override { return status_of(output_(fmt::format("{}\n", ending.items))); }
};

}  // namespace

Result<bool> TextWriter::take(search::Piece&& piece, std::size_t) { return output_(piece.text); }

std::unique_ptr<Writer> make_ndjson(const read::TableReader& table, const ItemFields& fields, Output output) {
  return std::make_unique<Items>(table, fields, std::move(output));
}
std::unique_ptr<Writer> make_geojson(const read::TableReader& table, const ItemFields& fields, Output output) {
  return std::make_unique<Geojson>(table, fields, std::move(output));
}
std::unique_ptr<Writer> make_ids(const read::TableReader& table, Output output) {
  return std::make_unique<Ids>(table, std::move(output));
}
std::unique_ptr<Writer> make_uris(const read::TableReader& table, const std::vector<std::string>& assets,
                                  Output output) {
  return std::make_unique<Uris>(table, assets, std::move(output));
}
std::unique_ptr<Writer> make_count(Output output) { return std::make_unique<Count>(std::move(output)); }

}  // namespace earthcatalog::answer
