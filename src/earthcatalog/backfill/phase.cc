#include "earthcatalog/backfill/phase.h"

#include <algorithm>
#include <array>

#include "earthcatalog/backfill/compact_group.h"
#include "earthcatalog/backfill/ingest_chunk.h"
#include "earthcatalog/backfill/write_chunks.h"

namespace earthcatalog::backfill {
namespace {

using Stores = storage::Stores;
using Hooks = pipeline::Hooks;

template <class Spec, auto kRun>
Result<std::string> run(Stores& stores, std::string_view text, const Hooks& hooks) {
  EC_ASSIGN_OR_RETURN(const auto spec, parse_json<Spec>(text, "the spec"));
  EC_ASSIGN_OR_RETURN(const auto report, kRun(stores, spec, hooks));
  return to_json_text(report);
}

struct Phase {
  std::string_view name;
  Result<std::string> (*run)(Stores&, std::string_view, const Hooks&);
};

constexpr std::array<Phase, 3> kPhases{{
    {"write_chunks", run<WriteChunksSpec, [](Stores& stores, const WriteChunksSpec& spec,
                                             const Hooks&) { return write_chunks(stores, spec); }>},
    {"ingest_chunk", run<IngestChunkSpec, ingest_chunk>},
    {"compact_group", run<CompactGroupSpec, [](Stores& stores, const CompactGroupSpec& spec,
                                               const Hooks&) { return compact_group(stores, spec); }>},
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
