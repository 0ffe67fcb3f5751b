#include "earthcatalog/backfill/phase.h"

#include <algorithm>
#include <array>

#include "earthcatalog/backfill/phases/compact_task.h"
#include "earthcatalog/backfill/phases/coordinator_phases.h"
#include "earthcatalog/backfill/phases/ingest_chunk.h"
#include "earthcatalog/backfill/phases/write_chunks.h"

namespace earthcatalog::backfill {
namespace {

using Stores = storage::Stores;
using Hooks = Hooks;

template <class Spec, auto kRun>
Result<std::string> run(Stores& stores, std::string_view text, const Hooks&) {
  EC_ASSIGN_OR_RETURN(const auto spec, parse_json<Spec>(text, "the spec"));
  EC_ASSIGN_OR_RETURN(const auto report, kRun(stores, spec));
  return to_json_text(report);
}

Result<std::string> ingest(Stores& stores, std::string_view text, const Hooks& hooks) {
  EC_ASSIGN_OR_RETURN(const auto spec, parse_json<IngestChunkSpec>(text, "the spec"));
  EC_ASSIGN_OR_RETURN(const auto record, ingest_chunk(stores, spec, hooks));
  nlohmann::json report = record;
  if (!spec.parts.empty()) report["part_files"] = part_files(Staging(stores, spec.staging, spec.parts), record);
  return to_json_text(report);
}

Result<CompactTaskReport> compact_without_removals(Stores& stores, const CompactTaskSpec& spec) {
  const bool removals =
      std::ranges::any_of(spec.groups, [](const StagedGroup& group) { return !group.removals.empty(); });
  if (!removals) return compact_group(stores, spec);
  return fail(ErrorKind::kInvalidArgument, "the spec is of a delta: run compact_cell_year_delta");
}

Result<CompactTaskReport> compact_cell_year(Stores& stores, const CompactTaskSpec& spec) {
  if (spec.groups.size() == 1) return compact_without_removals(stores, spec);
  return fail(ErrorKind::kInvalidArgument, "the spec has {} buckets: run compact_group", spec.groups.size());
}

struct Phase {
  std::string_view name;
  Result<std::string> (*run)(Stores&, std::string_view, const Hooks&);
};

constexpr std::array<Phase, 9> kPhases{{
    {"write_chunks", run<WriteChunksSpec, write_chunks>},
    {"ingest_chunk", ingest},
    {"plan_compaction", run<CoordinatorSpec, plan_compaction>},
    {"compact_cell_year", run<CompactTaskSpec, compact_cell_year>},
    {"compact_group", run<CompactTaskSpec, compact_without_removals>},
    {"compact_cell_year_delta", run<CompactTaskSpec, compact_group>},
    {"register_and_cleanup", run<CoordinatorSpec, register_and_cleanup>},
    {"register_delta", run<CoordinatorSpec, register_delta>},
    {"cleanup_staging", run<CleanupSpec, cleanup_phase>},
}};

}  // namespace

std::vector<std::string_view> phase_names() {
  std::vector<std::string_view> names;
  for (const auto& phase : kPhases) names.push_back(phase.name);
  return names;
}

Result<std::string> run_phase(Stores& stores, std::string_view name, std::string_view spec, const Hooks& hooks) {
  const auto* const phase = std::ranges::find(kPhases, name, &Phase::name);
  if (phase == kPhases.end()) {
    return fail(ErrorKind::kInvalidArgument, "there is no phase {}; there are {}", name,
                fmt::join(phase_names(), ", "));
  }
  return phase->run(stores, spec, hooks);
}

}  // namespace earthcatalog::backfill
