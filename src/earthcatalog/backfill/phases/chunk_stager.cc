#include "earthcatalog/backfill/phases/chunk_stager.h"

#include <algorithm>

#include "earthcatalog/index/index_run_file.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::int64_t kEntriesPerRowGroup = 2'000;  // the commit reads one row group of every chunk at once

}  // namespace

Parallel ChunkStager::parallel() const {
  const auto& spec = context_.spec;
  return context_.stores.parallel(static_cast<std::size_t>(std::max(1, spec.workers)),
                                  ingest::IngestStage::bytes_for_writing(spec.memory_limit_bytes));
}

Status ChunkStager::write_entries() {
  if (entries_.empty()) {
    context_.record.runs.emplace_back();
    return {};
  }
  std::ranges::sort(entries_, {}, &index::ObjectEntry::object);
  EC_ASSIGN_OR_RETURN(
      const auto where,
      context_.stores.locate(context_.staging.objects({at(), static_cast<int>(context_.record.runs.size())})));
  EC_ASSIGN_OR_RETURN(const auto writer,
                      index::RunWriter::create(where, kEntriesPerRowGroup, storage::Existing::kReplace));
  for (auto& entry : entries_) EC_TRY(writer->append({.entry = std::move(entry)}));
  EC_ASSIGN_OR_RETURN(const auto info, writer->finish());
  context_.record.runs.push_back({.entries = info.entries, .bytes = info.size_bytes});
  entries_.clear();
  return {};
}

}  // namespace earthcatalog::backfill
