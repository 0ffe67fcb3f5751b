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
  const auto kind = covered.error().kind;
  if (kind != ErrorKind::kUnsupported && kind != ErrorKind::kInvalidData) {
    return std::unexpected(
        std::move(covered).error().annotate(fmt::format("the cells of {}/{}", object.bucket, object.key)));
  }
  // More cells than the grid gives one footprint: the item stays, without a place.
  context_.problems.add(object, {"geometry", "not_covered", covered.error().message});
  cells_.assign(1, grid::kNoCell);
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
  if (item.wkb.empty()) {
    cells_.assign(1, grid::kNoCell);
  } else {
    EC_TRY(cover(object, item.wkb));
    if (const auto bounds = grid::bounds(item.wkb)) {
      record.bounds = static_cast<std::uint32_t>(part.bounds.size());
      part.bounds.push_back(*bounds);
    }
  }
  record.first_cell = static_cast<std::uint32_t>(part.cells.size());
  record.cell_count = static_cast<std::uint32_t>(cells_.size());
  part.cells.insert(part.cells.end(), cells_.begin(), cells_.end());
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
