// What a backfill leaves in the staging prefix, and how it goes.
#pragma once

#include "earthcatalog/backfill/staging.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

/// Removes chunks, staged rows, markers and task reports; `chunks/_run.json` last, so that a clean-up that was killed
/// is known as one. Lists of pending objects stay unless `pending_too`.
Status cleanup_staging(const Staging& staging, bool pending_too);

}  // namespace earthcatalog::backfill
