// Names of runs.
#pragma once

#include <string>

namespace earthcatalog::cli {

/// 32 random hex digits. All of them are random, also the first 8, which are all that file names carry: a clock would
/// give a killed run and its rerun the same ones.
std::string make_run_id();

}  // namespace earthcatalog::cli
