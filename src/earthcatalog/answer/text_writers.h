// Formats that are text. Internal to the module.
#pragma once

#include <utility>

#include "earthcatalog/answer/writer.h"

namespace earthcatalog::answer {

/// Writes each piece as it is.
class TextWriter : public Writer {
 public:
  TextWriter(iceberg::Schema columns, Output output) : output_(std::move(output)), columns_(std::move(columns)) {}
  const iceberg::Schema& columns() const override { return columns_; }
  Result<bool> take(search::Piece&& piece, std::size_t count) override;
  Status finish(const Ending&) override { return {}; }

 protected:
  const Output output_;

 private:
  const iceberg::Schema columns_;
};

std::unique_ptr<Writer> make_ndjson(const read::TableReader& table, const ItemFields& fields, Output output);
std::unique_ptr<Writer> make_geojson(const read::TableReader& table, const ItemFields& fields, Output output);
std::unique_ptr<Writer> make_ids(const read::TableReader& table, Output output);
std::unique_ptr<Writer> make_uris(const read::TableReader& table, const std::vector<std::string>& assets,
                                  Output output);
std::unique_ptr<Writer> make_csv(const read::TableReader& table, const ItemFields& fields, Output output);
std::unique_ptr<Writer> make_table(const read::TableReader& table, const ItemFields& fields, Output output);
std::unique_ptr<Writer> make_count(Output output);

/// Passes an error on, and nothing else.
inline Status status_of(Result<bool> more) {
  if (!more) return std::unexpected(std::move(more).error());
  return {};
}

}  // namespace earthcatalog::answer
