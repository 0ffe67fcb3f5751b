#include "earthcatalog/inventory/filtered.h"

#include <algorithm>

#include "earthcatalog/inventory/formats/column_values.h"
#include "earthcatalog/storage/percent.h"

namespace earthcatalog::inventory {
namespace {

std::string_view unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') return etag.substr(1, etag.size() - 2);
  return etag;
}

void assign(storage::ObjectRef& object, const Row& row) {
  object.bucket.assign(row.bucket);
  object.key.assign(row.key);
  object.size_bytes = row.size_bytes ? row.size_bytes : parse_integer(row.size_text);
  object.last_modified = row.last_modified;
  object.etag.assign(unquoted(row.etag));
}

}  // namespace

// Parses only what the row's fate depends on: most rows of a large inventory are passed over.
Result<bool> FilteredInventory::accept(Row& row) {
  if (row.noncurrent) {
    ++counts_.skipped_versions;
    met_item_ = met_item_ || row.key.ends_with(options_.suffix);
    return false;
  }
  if (row.not_pending) {
    ++counts_.skipped_not_pending;
    return false;
  }
  if (row.url_encoded && row.key.find_first_of("%+") != row.key.npos) {
    auto decoded = storage::percent_decode(row.key, storage::Plus::kSpace);
    if (!decoded) {
      return fail(ErrorKind::kInvalidData,
                  "{}: the key '{}' is not URL-encoded (a '%' without two hexadecimal digits); pass `key_encoding` raw "
                  "when keys are spelt as they are",
                  rows_->position(), row.key);
    }
    decoded_key_ = *std::move(decoded);
    row.key = decoded_key_;
  }
  if (!row.key.ends_with(options_.suffix)) {
    if (++counts_.skipped_suffix == 1) counts_.first_other_key = row.key;
    return false;
  }
  if (row.bucket.empty() || row.key.empty()) {
    return fail(ErrorKind::kInvalidData, "{} is in no bucket: buckets are the folders below the source root {}",
                rows_->position(), options_.source_root);
  }
  const bool dated = row.last_modified || !row.date_text.empty();
  if (!row.last_modified && dated) {
    if (const auto time = parse_time(row.date_text)) row.last_modified = time->micros;
  }
  if (!row.last_modified) {
    if (dated || options_.since) ++counts_.dates_unparseable;
  } else if (options_.since && *row.last_modified < *options_.since) {
    ++counts_.skipped_since;
    return false;
  }
  return true;
}

// Rows that only `since` or their versions leave out are an inventory in which nothing is new.
Status FilteredInventory::check_found() const {
  if (!options_.needs_items || met_item_ || counts_.items > 0 || counts_.skipped_since > 0) return {};
  if (counts_.skipped_suffix == 0) return {};
  return fail(
      ErrorKind::kInvalidData,
      "{}: none of its {} rows is an item: no key ends in '{}', the first is '{}'; say with `suffix` what the keys "
      "of items end in",
      info_.uri, counts_.rows, options_.suffix, counts_.first_other_key);
}

std::optional<double> FilteredInventory::share_read() const {
  if (ended_ || at_limit()) return 1;
  const auto of_rows = rows_->share_read();
  if (!of_rows || !options_.limit) return of_rows;
  return std::max(*of_rows, static_cast<double>(counts_.items) / static_cast<double>(*options_.limit));
}

Status FilteredInventory::next(std::vector<storage::ObjectRef>& batch, std::size_t most) {
  std::size_t filled = 0;
  Row row;
  while (filled < most && !ended_ && !at_limit()) {
    row.last_modified.reset();
    auto more = rows_->next(row);
    if (!more) return std::unexpected(std::move(more).error());
    if (!*more) {
      ended_ = true;
      EC_TRY(check_found());
      break;
    }
    ++counts_.rows;
    EC_ASSIGN_OR_RETURN(const bool accepted, accept(row));
    if (!accepted) continue;
    if (filled == batch.size()) batch.emplace_back();
    assign(batch[filled++], row);
    ++counts_.items;
  }
  batch.resize(filled);
  return {};
}

}  // namespace earthcatalog::inventory
