// STAC Item JSON to columns, in one pass over the bytes and without loss. The rules are in docs/format/items.md.
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

/// The reason why bytes are no Item at all. A line of the problems file.
struct Rejection {
  std::string
      kind;  ///< "not_json", "invalid_utf8", "lone_surrogate", "duplicate_key", "too_deep", "not_an_item", "no_id"
  std::string reason;        ///< a few words
  std::int64_t offset = -1;  ///< byte in the object, where it is known
};

/// A part of a kept Item that makes no sense. A line of the problems file.
struct Problem {
  std::string
      kind;  ///< "geometry": it has no place; "datetime": it is undated; "timestamp": another date is unreadable
  std::string reason;
  std::int64_t offset = -1;
};

/// Facts about an item that the pipeline needs beyond its columns.
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
  /// Bytes of memory held. Costs some nanoseconds a column.
  std::int64_t bytes() const;
  /// Properties that would like a column (auto; empty in itslive), as evolve() takes them.
  const ObservedProperties& observed() const;

  /// Ends the batch: item columns in the order of `schema` (which evolve() made from the one given at construction),
  /// row columns left out. A value that fits no column goes to stac_extra. The batch is good for nothing afterwards.
  /// kInvalidData when a column has more than 2 GiB of text.
  Result<std::shared_ptr<arrow::RecordBatch>> finish(const ItemSchema& schema);

 private:
  friend class ItemParser;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct ParserOptions {
  std::size_t max_depth = 256;  ///< nesting beyond it is rejected; more than 1000 counts as 1000
};

/// Parses items into batches. Holds simdjson's buffers; not thread-safe.
class ItemParser {
 public:
  explicit ItemParser(ParserOptions options = {});
  ~ItemParser();

  /// Appends one row for the Item in `json`, or none when it is rejected. A string with 64 bytes of spare capacity is
  /// read where it is, any other is copied first.
  std::expected<ParsedItem, Rejection> append(const std::string& json, ItemBatch& batch);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The Item of one row as JSON, minified: equal to the fetched JSON (numbers by value, timestamps by instant, other
/// strings letter by letter). `rows` may be any batch of our files, with or without row columns, or of the peer's or
/// PyIceberg's: a missing or null column is a member that the Item does not have. Not thread-safe.
class ItemWriter {
 public:
  explicit ItemWriter(std::shared_ptr<arrow::RecordBatch> rows);
  ~ItemWriter();
  /// Appends the Item, or on an error nothing: kInvalidData or kUnsupported, naming row and column, for WKB or JSON
  /// that is broken and for columns of other types than ours.
  Status append_json(std::int64_t row, std::string& out) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace earthcatalog::stac
