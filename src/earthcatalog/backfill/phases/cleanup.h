// What a backfill leaves in the staging prefix, and how it goes.
#pragma once

#include <cstdint>

#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

/// What a clean-up leaves.
enum class Kept : std::uint8_t {
  kNothing,
  kPendingLists,  ///< whatever there is
  kPending,       ///< the lists of pending objects, and the record that a retry needs
};

/// Removes chunks, staged rows, markers and task reports; `chunks/_run.json` last, so that a clean-up that was killed
/// is known as one.
/// kCancelled when `hooks` say stop. Returns how many objects it removed.
Result<std::int64_t> cleanup_staging(const Staging& staging, Kept kept, const Hooks& hooks);

}  // namespace earthcatalog::backfill
