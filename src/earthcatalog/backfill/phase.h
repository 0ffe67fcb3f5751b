// A phase by its name: from a spec in JSON to a report in JSON, as a cluster's worker runs it. Data never travels in
// either.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/progress.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::catalog {
class Lock;
}

namespace earthcatalog::backfill {

/// The names that run_phase() takes, in the order of a backfill (docs/commands/backfill.md).
std::vector<std::string_view> phase_names();

/// What no spec in JSON can say.
struct PhaseObjects {
  std::shared_ptr<const grid::Partitioner> partitioner = {};  ///< of ingest_chunk: in place of the grid of its spec
  std::shared_ptr<catalog::Lock> held_lock = {};              ///< of the phases that register: held by the caller
};

/// kInvalidArgument for an unknown name or a spec that makes no sense, kCancelled when the hooks say stop, else the
/// phase's own errors. Every phase tells of its progress.
Result<std::string> run_phase(storage::Stores& stores, std::string_view name, std::string_view spec, const Hooks& hooks,
                              const PhaseObjects& objects = {});

}  // namespace earthcatalog::backfill
