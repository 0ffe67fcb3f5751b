#include "earthcatalog/index/duplicate_rows.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace earthcatalog::index {
namespace {

std::string_view text_at(const arrow::StringArray* column, std::int64_t row) {
  return column == nullptr || column->IsNull(row) ? std::string_view() : column->GetView(row);
}

}  // namespace

DuplicateRows::DuplicateRows(std::int64_t memory_bytes, std::string scratch_folder)
    : versions_({.scratch_folder = std::move(scratch_folder), .memory_bytes = memory_bytes}) {}

Status DuplicateRows::add(const arrow::RecordBatch& rows, std::int64_t first) {
  const auto id = std::dynamic_pointer_cast<arrow::StringArray>(rows.GetColumnByName("id"));
  const auto collection = std::dynamic_pointer_cast<arrow::StringArray>(rows.GetColumnByName("collection"));
  const auto updated = std::dynamic_pointer_cast<arrow::TimestampArray>(rows.GetColumnByName("updated"));
  if (!id || !collection) return fail(ErrorKind::kInvalidData, "there are no string columns id and collection");
  rows_ = std::max(rows_, first + rows.num_rows());
  for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
    if (id->IsNull(row)) continue;
    const bool dated = updated && updated->IsValid(row);
    EC_TRY(versions_.add({.key = identity_hash(text_at(collection.get(), row), id->GetView(row)),
                          .updated = dated ? updated->Value(row) : kNeverUpdated,
                          .row = first + row}));
  }
  return {};
}

Status DuplicateRows::finish() {
  return versions_.drain([&](std::span<const Version> versions) -> Status {
    // By item, then by time, then by row.
    for (std::size_t i = 0; i < versions.size();) {
      std::size_t newest = i;
      for (const std::size_t first = i; i < versions.size() && versions[i].key == versions[first].key; ++i) {
        if (i == newest) continue;
        const bool is_newer = newer(versions[i].version(), versions[newest].version());
        drop(versions[is_newer ? std::exchange(newest, i) : i].row);
      }
    }
    return {};
  });
}

void DuplicateRows::drop(std::int64_t row) {
  if (dropped_++ == 0) marks_.resize(static_cast<std::size_t>(rows_));
  marks_[static_cast<std::size_t>(row)] = true;
}

}  // namespace earthcatalog::index
