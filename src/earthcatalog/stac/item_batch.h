// STAC Item JSON to columns, in one pass over the bytes and without loss.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"

namespace arrow {
class RecordBatch;
}

namespace earthcatalog::stac {

/// Why bytes are no Item at all. A line of the problems file.
struct Rejection {
  std::string kind;          ///< "not_json", "not_an_item", "no_id", "invalid_utf8", "too_deep", …
  std::string reason;        ///< a sentence
  std::int64_t offset = -1;  ///< byte in the object, where it is known
};

/// A part of a kept Item that makes no sense. A line of the problems file.
struct Problem {
  std::string kind;  ///< "geometry", "datetime", …
  std::string reason;
  std::int64_t offset = -1;
};

/// What the pipeline needs to know of an item beyond its columns.
struct ParsedItem {
  std::uint32_t row = 0;  ///< in its batch
  std::string_view wkb;   ///< empty: no (usable) geometry. Valid until the next append to the batch
  Hash128 identity;       ///< identity_hash(collection, id)
  bool itslive = false;   ///< collection is "itslive-granules"
  std::optional<TimeMicros> datetime;
  std::optional<TimeMicros> updated;
  std::vector<Problem> problems;
};

/// Columns of items under construction, one row an item, in order of arrival. Holds no row columns (see schema.h).
/// Not thread-safe; a worker has its own.
class ItemBatch {
 public:
  /// `schema`: the table's so far. Properties without a column are kept aside until finish() (auto) or go to
  /// stac_extra (itslive).
  explicit ItemBatch(std::shared_ptr<const ItemSchema> schema);
  ItemBatch(ItemBatch&&) noexcept;
  ItemBatch& operator=(ItemBatch&&) noexcept;
  ~ItemBatch();

  std::size_t size() const;
  /// Bytes of memory held.
  std::int64_t bytes() const;
  const ObservedProperties& observed() const;

  /// Ends the batch: item columns in the order of `schema` (which evolve() made from the one given at construction),
  /// row columns left out. A value that fits no column goes to stac_extra.
  Result<std::shared_ptr<arrow::RecordBatch>> finish(const ItemSchema& schema);

 private:
  friend class ItemParser;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct ParserOptions {
  std::size_t max_depth = 256;  ///< nesting beyond it is rejected
};

/// Parses items into batches. Holds simdjson's buffers; not thread-safe.
class ItemParser {
 public:
  explicit ItemParser(ParserOptions options = {});
  ~ItemParser();

  /// Appends one row for the Item in `json`, or none when it is rejected. `json` must have 64 bytes of allocated
  /// memory behind its end (a std::string with spare capacity does).
  std::expected<ParsedItem, Rejection> append(const std::string& json, ItemBatch& batch);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The Item of one row as JSON, minified: equal to the fetched JSON (numbers by value, timestamps by instant, other
/// strings letter by letter). `rows` may be any batch of our files, with or without row columns.
class ItemWriter {
 public:
  explicit ItemWriter(std::shared_ptr<arrow::RecordBatch> rows);
  ~ItemWriter();
  Status append_json(std::int64_t row, std::string& out) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace earthcatalog::stac
