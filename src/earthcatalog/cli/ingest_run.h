// How the commands that turn an inventory into rows run: progress, Ctrl-C, the report and the exit code.
#pragma once

#include <functional>
#include <string>

#include "earthcatalog/cli/ingest_options.h"
#include "earthcatalog/pipeline/incremental.h"
#include "earthcatalog/pipeline/report.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cli {

struct IngestRun {
  std::function<Status(const pipeline::Hooks&, pipeline::Report&)> work;
  std::string stopped;  ///< what Ctrl-C left; for the message
  /// How to go on with objects that are pending; for the message.
  std::function<std::string(const pipeline::Report&)> retry;
};

/// Prints the report to stdout and writes it to --report, also after an error. 130 after Ctrl-C, 1 when objects are
/// pending and --allow-pending is not given.
Result<int> run_ingest(const IngestFlags& flags, const IngestRun& run);

}  // namespace earthcatalog::cli
