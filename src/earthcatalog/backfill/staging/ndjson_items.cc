#include "earthcatalog/backfill/staging/ndjson_items.h"

#include <utility>

#include "earthcatalog/backfill/staging/ndjson_line.h"

namespace earthcatalog::backfill {
namespace {

// A batch's columns hold less than 2 GiB of text each.
constexpr std::int64_t kBatchBytes = 512 << 20;

}  // namespace

write::CellYear key_of_group(std::size_t number) { return {.cell = grid::kNoCell + 1 + number, .year = 0}; }
std::size_t group_of_key(const write::CellYear& key) { return key.cell - grid::kNoCell - 1; }

LineItems::LineItems(std::shared_ptr<const stac::ItemSchema> schema)
    : schema_(std::move(schema)), line_parser_(std::make_unique<LineParser>()) {}

LineItems::~LineItems() = default;

Result<std::optional<LineItems::Taken>> LineItems::add(std::string_view line, std::size_t group,
                                                       const std::unordered_set<Hash128>& dropped) {
  EC_ASSIGN_OR_RETURN(StagedRow staged, line_parser_->parse(line));
  if (!dropped.empty() && dropped.contains(object_hash(staged.object.bucket, staged.object.key))) return std::nullopt;
  if (!batch_) batch_.emplace(schema_);
  buffer_.reserve(staged.item.size() + 64);
  buffer_.assign(staged.item);
  const auto parsed = parser_.append(buffer_, *batch_);
  if (!parsed) return fail(ErrorKind::kInvalidData, "an item that phase 2 took is none now: {}", parsed.error().reason);
  write::PartitionRow row{.group = key_of_group(group),
                          .batch = static_cast<std::uint32_t>(columns_.batches.size()),
                          .row = parsed->row,
                          .bounds = write::kNoBounds,
                          .primary = staged.primary};
  if (const auto box = parsed->wkb.empty() ? std::nullopt : grid::bounds(parsed->wkb)) {
    row.bounds = static_cast<std::uint32_t>(columns_.bounds.size());
    columns_.bounds.push_back(*box);
  }
  columns_.rows.push_back(row);
  Taken taken{.object = std::move(staged.object), .identity = parsed->identity, .updated = parsed->updated};
  if (batch_->bytes() > kBatchBytes) EC_TRY(finish_batch());
  return taken;
}

Status LineItems::finish_batch() {
  if (!batch_) return {};
  finished_bytes_ += batch_->bytes();
  EC_ASSIGN_OR_RETURN(auto batch, batch_->finish(*schema_));
  columns_.batches.push_back(std::move(batch));
  batch_.reset();
  return {};
}

Result<ItemColumns> LineItems::finish() {
  EC_TRY(finish_batch());
  finished_bytes_ = 0;
  return std::exchange(columns_, {});
}

}  // namespace earthcatalog::backfill
