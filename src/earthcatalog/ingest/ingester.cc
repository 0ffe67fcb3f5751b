#include "earthcatalog/ingest/ingester.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/stac/read/minify.h"

namespace earthcatalog::ingest {
namespace {

// Measuring a part walks all its columns: often enough to keep the bound, seldom enough to cost nothing.
constexpr std::size_t kBodyBytesBetweenMeasures = 256 << 10;
// Columns that nobody wants are dropped before they leave the cache.
constexpr std::size_t kItemsBeforeDrop = 64;

bool has_problem(const stac::ParsedItem& item, std::string_view kind) {
  return std::ranges::any_of(item.problems, [&](const stac::Problem& problem) { return problem.kind == kind; });
}

}  // namespace

void StartSchema::met_other_collection() {
  const MutexLock lock(mutex_);
  if (undecided_ && schema_->kind == stac::SchemaKind::kItslive) {
    schema_ = std::make_shared<const stac::ItemSchema>(stac::initial_schema(stac::SchemaKind::kAuto));
  }
}

Ingester::Ingester(IngestContext& context, std::size_t worker)
    : context_(context), worker_(worker), coverer_(context.grid.make_coverer()) {}

Status Ingester::ingest(Chunk& chunk, fetch::Fetched&& fetched) {
  auto& slot = chunk.parts[worker_];
  if (!slot) slot = std::make_unique<ChunkPart>(context_.schema.get());
  ChunkPart& part = *slot;
  const auto parsed = parser_.append(fetched.body, part.batch);
  if (!parsed) {
    const auto& rejection = parsed.error();
    chunk.rejected.fetch_add(1);
    context_.problems.add(fetched.object, {"rejected", rejection.kind, rejection.reason, rejection.offset});
    part.rejected.push_back(std::move(fetched.object));
    account(part, fetched.body.size());
    return {};
  }
  for (const auto& problem : parsed->problems) {
    context_.problems.add(fetched.object, {problem.kind, {}, problem.reason, problem.offset});
  }
  EC_TRY(append(part, fetched.object, *parsed));
  if (context_.keep_text) keep_text(part, fetched.body);
  account(part, fetched.body.size());
  return {};
}

// Sets cells_.
Status Ingester::cover(const storage::ObjectRef& object, std::string_view wkb) {
  auto covered = coverer_->cover(wkb, cells_);
  if (covered) return {};
  cells_.assign(1, grid::kNoCell);
  return note_uncovered(object, std::move(covered).error());
}

// More cells than the grid gives one footprint: the item stays, without a place. Any other error is the grid's.
Status Ingester::note_uncovered(const storage::ObjectRef& object, Error error) {
  if (error.kind != ErrorKind::kUnsupported && error.kind != ErrorKind::kInvalidData) {
    return std::unexpected(std::move(error).annotate(fmt::format("the cells of {}/{}", object.bucket, object.key)));
  }
  context_.problems.add(object, {"geometry", "not_covered", error.message});
  return {};
}

void Ingester::set_cells(ChunkPart& part, ItemRecord& item, std::span<const grid::Cell> cells) {
  item.first_cell = static_cast<std::uint32_t>(part.cells.size());
  item.cell_count = static_cast<std::uint32_t>(cells.size());
  part.cells.insert(part.cells.end(), cells.begin(), cells.end());
}

Status Ingester::finish() {
  if (uncovered_.empty()) return {};
  auto covered = coverer_->cover_many(footprints_);
  for (std::size_t i = 0; i < covered.size(); ++i) {
    auto& [part, number] = uncovered_[i];
    auto& item = part->items[number];
    if (!covered[i]) {
      EC_TRY(note_uncovered(item.object, std::move(covered[i]).error()));
      covered[i] = std::vector{grid::kNoCell};
    }
    set_cells(*part, item, *covered[i]);
  }
  uncovered_.clear();
  footprints_.clear();
  return {};
}

Status Ingester::append(ChunkPart& part, const storage::ObjectRef& object, const stac::ParsedItem& item) {
  ItemRecord record;
  record.object = object;
  record.identity = item.identity;
  record.updated = item.updated;
  record.row = item.row;
  record.year = item.datetime ? utc_year(*item.datetime) : write::kUnknownYear;
  record.undatable = has_problem(item, "datetime");
  cells_.assign(1, grid::kNoCell);
  const bool later = !item.wkb.empty() && most_at_once() > 1;
  if (later) {
    uncovered_.push_back({.part = &part, .item = part.items.size()});
    footprints_.emplace_back(item.wkb);
  }
  if (!item.wkb.empty()) {
    if (!later) EC_TRY(cover(object, item.wkb));
    if (const auto bounds = grid::bounds(item.wkb)) {
      record.bounds = static_cast<std::uint32_t>(part.bounds.size());
      part.bounds.push_back(*bounds);
    }
  }
  if (!later) set_cells(part, record, cells_);
  if (!item.itslive && part.all_itslive) {
    part.all_itslive = false;
    context_.schema.met_other_collection();
  }
  part.items.push_back(std::move(record));
  return {};
}

void Ingester::keep_text(ChunkPart& part, std::string_view json) {
  part.items.back().text_first = part.text.size();
  stac::append_minified(json, part.text);
  part.items.back().text_size = part.text.size() - part.items.back().text_first;
  if (part.batch.size() < kItemsBeforeDrop) return;
  for (const auto& [name, kinds] : part.batch.observed()) part.observed[name].merge(kinds);
  part.batch = stac::ItemBatch(part.schema);
}

void Ingester::account(ChunkPart& part, std::size_t body_bytes) {
  part.unmeasured_body_bytes += body_bytes;
  const bool measure = part.items.size() == 1 || part.unmeasured_body_bytes >= kBodyBytesBetweenMeasures;
  if (measure) part.unmeasured_body_bytes = 0;
  // In between, an item counts as its body: about what it takes.
  const std::int64_t bytes = measure ? part.bytes() : part.accounted_bytes + static_cast<std::int64_t>(body_bytes);
  context_.held_bytes.fetch_add(bytes - part.accounted_bytes);
  part.accounted_bytes = bytes;
}

}  // namespace earthcatalog::ingest
