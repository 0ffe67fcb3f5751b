// Names of runs.
#pragma once

#include <string>

namespace earthcatalog::cli {

/// 32 hex digits: the first 8 are the second at which the run began, so that file names, which carry only these, are
/// told apart by the lock; the rest is random.
std::string make_run_id();

}  // namespace earthcatalog::cli
