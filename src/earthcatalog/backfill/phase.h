// A phase by its name: from a spec in JSON to a report in JSON, as a cluster's worker runs it. Data never travels in
// either.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/progress.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::backfill {

/// The names that run_phase() takes, in the order of a backfill (docs/commands/backfill.md).
std::vector<std::string_view> phase_names();

/// kInvalidArgument for an unknown name, kInvalidData for a spec that makes no sense, else the phase's own errors.
Result<std::string> run_phase(storage::Stores& stores, std::string_view name, std::string_view spec,
                              const Hooks& hooks);

}  // namespace earthcatalog::backfill
