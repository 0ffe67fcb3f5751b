// How a phase ends early.
#pragma once

#include "earthcatalog/base/progress.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

/// kCancelled when the hooks say stop.
inline Status check_stop(const Hooks& hooks) {
  if (!hooks.stopping()) return {};
  return fail(ErrorKind::kCancelled, "stopped");
}

}  // namespace earthcatalog::backfill
