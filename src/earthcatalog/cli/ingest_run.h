// How the commands that turn an inventory into rows run: progress, Ctrl-C, the report and the exit code.
#pragma once

#include <functional>
#include <string>

#include "earthcatalog/cli/options/ingest_options.h"
#include "earthcatalog/cli/output/run_report.h"
#include "earthcatalog/cli/session.h"
#include "earthcatalog/incremental/incremental.h"
#include "earthcatalog/ingest/report.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cli {

struct IngestRun {
  std::function<Status(const Hooks&, ingest::Report&)> work;
  std::string stopped;  ///< what Ctrl-C left; for the message
  /// How to go on with objects that are pending; for the message.
  std::function<std::string(const ingest::Report&)> retry;
};

/// Gives `report` what was done, also after an error. kCancelled after Ctrl-C, kUnavailable when objects are pending
/// and --allow-pending is not given.
Result<int> run_ingest(const IngestFlags& flags, Session& session, RunReport& report, const IngestRun& run);

}  // namespace earthcatalog::cli
