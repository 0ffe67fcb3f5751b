// The contents of an ItemBatch. Filled by ItemParser, emptied by finish().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "earthcatalog/stac/item_batch.h"
#include "earthcatalog/stac/read/column_buffer.h"
#include "earthcatalog/stac/read/name_table.h"

namespace earthcatalog::stac {

/// Text for some rows: the part of their stac_extra that was known while they were parsed.
class SparseText {
 public:
  /// The open row's text: append to it, end_row() keeps it.
  GrowBuffer& text() { return text_; }
  std::string_view open_text() const { return text_.view(kept()); }
  void end_row(std::uint32_t row);
  void drop_row() { text_.truncate(kept()); }
  std::size_t bytes() const { return text_.capacity() + entries_.capacity() * sizeof(Entry); }

  /// Reads the rows back in order: the text of `row`, empty for a row without; `next` starts at 0.
  std::string_view text_of(std::uint32_t row, std::size_t& next) const;

 private:
  struct Entry {
    std::uint32_t row;
    std::size_t end;
  };
  std::size_t kept() const { return entries_.empty() ? 0 : entries_.back().end; }
  GrowBuffer text_;
  std::vector<Entry> entries_;
};

/// Scalar properties that have no column yet, in order of arrival.
class Deferred {
 public:
  struct Entry {
    std::uint32_t row, name;  ///< the index of its slot
    std::size_t end;
  };
  void add(std::uint32_t row, std::uint32_t name, std::string_view token);
  /// Drops what was added since the last keep().
  void drop_row();
  void keep_row() { kept_ = entries_.size(); }
  const std::vector<Entry>& entries() const { return entries_; }
  std::string_view token(std::size_t entry) const;
  std::size_t bytes() const { return text_.capacity() + entries_.capacity() * sizeof(Entry); }

 private:
  GrowBuffer text_;
  std::vector<Entry> entries_;
  std::size_t kept_ = 0;
};

class ItemBatch::Impl {
 public:
  explicit Impl(std::shared_ptr<const ItemSchema> item_schema);

  std::uint32_t row() const { return static_cast<std::uint32_t>(rows_); }
  std::size_t rows() const { return rows_; }
  std::int64_t bytes() const;
  const ObservedProperties& observed() const { return observed_; }

  /// Begins the next row; what keep_row() does not follow, drop_row() undoes.
  void open_row() { ++serial_; }
  void keep_row();
  void drop_row();

  /// The slots of names, filled in.
  NameSlot& member(std::string_view name, NameSlot* previous);
  NameSlot& property(std::string_view name, NameSlot* previous);
  /// Notes that the open row has that name. False: it had it already.
  bool first_time(NameSlot& slot) { return std::exchange(slot.seen_in, serial_) != serial_; }

  /// The column, ready for the open row.
  ColumnBuffer& column(int index) {
    columns_[static_cast<std::size_t>(index)].start_row(rows_);
    return columns_[static_cast<std::size_t>(index)];
  }
  bool has_value(int index) const { return index >= 0 && columns_[static_cast<std::size_t>(index)].rows() > rows_; }
  const ColumnBuffer& at(int index) const { return columns_[static_cast<std::size_t>(index)]; }
  /// The places of the columns that every schema has.
  struct Places {
    int id, type, collection, geometry, datetime, updated;
  };
  const Places& places() const { return places_; }

  /// A property without a column: its value is kept until finish().
  void defer(NameSlot& slot, std::string_view token);

  /// The open row's foreign members; `"key":value` separated by commas. A properties text that begins with '[' is what
  /// stands instead of a properties object (docs/format/items.md).
  SparseText& extra_members() { return extra_members_; }
  SparseText& extra_properties() { return extra_properties_; }

  Result<std::shared_ptr<arrow::RecordBatch>> finish(const ItemSchema& schema);

 private:
  int find_column(std::string_view name) const;
  void fill_property_slot(NameSlot& slot);
  // Spreads the deferred values over `late` columns (by slot index; null: none) and writes stac_extra.
  void write_extra(const std::vector<ColumnBuffer*>& late, ColumnBuffer& extra);

  std::shared_ptr<const ItemSchema> schema_;
  std::vector<ColumnBuffer> columns_;  // as in the schema; those of the row and stac_extra stay empty
  std::vector<std::string> folded_names_;
  Places places_;
  NameTable members_, properties_;
  SparseText extra_members_, extra_properties_;
  Deferred deferred_;
  std::vector<std::pair<NameSlot*, PropertyKinds>> open_kinds_;
  ObservedProperties observed_;
  std::size_t rows_ = 0;
  std::uint64_t serial_ = 0;
};

}  // namespace earthcatalog::stac
