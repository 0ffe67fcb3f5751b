#include "earthcatalog/backfill/phase.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "earthcatalog/backfill/phases/coordinator_phases.h"
#include "earthcatalog/backfill/phases/ingest_chunk.h"
#include "earthcatalog/backfill/phases/write_chunks.h"
#include "earthcatalog/backfill/tasks/compact_task.h"

namespace earthcatalog::backfill {
namespace {

using Stores = storage::Stores;

template <class Spec>
Result<Spec> parse_spec(std::string_view text) {
  auto spec = parse_json<Spec>(text, "the spec");
  if (!spec) return fail(ErrorKind::kInvalidArgument, "{}", spec.error().message);
  return spec;
}

template <class Spec, auto kRun>
Result<std::string> run(Stores& stores, std::string_view text, const Hooks& hooks, const PhaseObjects& objects) {
  EC_ASSIGN_OR_RETURN(auto spec, parse_spec<Spec>(text));
  if constexpr (std::is_same_v<Spec, CoordinatorSpec>) spec.held_lock = objects.held_lock;
  EC_ASSIGN_OR_RETURN(const auto report, kRun(stores, spec, hooks));
  return to_json_text(report);
}

Result<std::string> ingest(Stores& stores, std::string_view text, const Hooks& hooks, const PhaseObjects& objects) {
  EC_ASSIGN_OR_RETURN(auto spec, parse_spec<IngestChunkSpec>(text));
  spec.partitioner = objects.partitioner;
  EC_ASSIGN_OR_RETURN(const auto record, ingest_chunk(stores, spec, hooks));
  nlohmann::json report = record;
  if (spec.counts_only) {
    for (const char* detail : {"files", "runs", "schemas", "observed"}) report.erase(detail);
  } else if (!spec.parts.empty()) {
    report["part_files"] = part_files(Staging(stores, spec.staging, spec.parts), record);
  }
  return to_json_text(report);
}

// A spec, or what refers to one that plan_compaction has stored.
Result<CompactTaskSpec> read_task_spec(Stores& stores, std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("key")) return parse_spec<CompactTaskSpec>(text);
  EC_ASSIGN_OR_RETURN(const auto task, parse_spec<TaskReference>(text));
  return read_task(stores, task);
}

enum class Kind : std::uint8_t { kOnePartition, kNoRemovals, kAny };

template <Kind kKind>
Result<std::string> compact(Stores& stores, std::string_view text, const Hooks& hooks, const PhaseObjects&) {
  EC_ASSIGN_OR_RETURN(const auto spec, read_task_spec(stores, text));
  if (kKind == Kind::kOnePartition && spec.groups.size() != 1) {
    return fail(ErrorKind::kInvalidArgument, "the spec has {} buckets: run compact_group", spec.groups.size());
  }
  const bool removals =
      std::ranges::any_of(spec.groups, [](const StagedGroup& group) { return !group.removals.empty(); });
  if (kKind != Kind::kAny && removals) {
    return fail(ErrorKind::kInvalidArgument, "the spec is of a delta: run compact_cell_year_delta");
  }
  EC_ASSIGN_OR_RETURN(const auto report, compact_group(stores, spec, hooks));
  return to_json_text(report);
}

struct Phase {
  std::string_view name;
  Result<std::string> (*run)(Stores&, std::string_view, const Hooks&, const PhaseObjects&);
};

constexpr std::array<Phase, 9> kPhases{{
    {"write_chunks", run<WriteChunksSpec, write_chunks>},
    {"ingest_chunk", ingest},
    {"plan_compaction", run<CoordinatorSpec, plan_compaction>},
    {"compact_cell_year", compact<Kind::kOnePartition>},
    {"compact_group", compact<Kind::kNoRemovals>},
    {"compact_cell_year_delta", compact<Kind::kAny>},
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

Result<std::string> run_phase(Stores& stores, std::string_view name, std::string_view spec, const Hooks& hooks,
                              const PhaseObjects& objects) {
  const auto* const phase = std::ranges::find(kPhases, name, &Phase::name);
  if (phase == kPhases.end()) {
    return fail(ErrorKind::kInvalidArgument, "there is no phase {}; there are {}", name,
                fmt::join(phase_names(), ", "));
  }
  return phase->run(stores, spec, hooks, objects);
}

}  // namespace earthcatalog::backfill
