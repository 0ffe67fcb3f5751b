#include "earthcatalog/cli/ingest_run.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>

#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/progress_line.h"
#include "earthcatalog/cli/runtime.h"

namespace earthcatalog::cli {
namespace {

Status write_report(const IngestFlags& flags, const pipeline::Report& report) {
  if (flags.report.empty()) return {};
  std::ofstream file(flags.report, std::ios::binary | std::ios::trunc);
  file << pipeline::to_json(report) << '\n';
  file.close();
  if (!file) return fail(ErrorKind::kIOError, "--report {}: cannot be written", flags.report);
  return {};
}

}  // namespace

Result<int> run_ingest(const IngestFlags& flags, const IngestRun& run) {
  pipeline::Report report;
  const Status status = with_progress([&](const pipeline::Hooks& hooks) { return run.work(hooks, report); });
  if (report.source_items > 0 || status) flags.format.print(report);
  EC_TRY(write_report(flags, report));
  EC_TRY(status);
  if (report.interrupted) {
    print_err("earthcatalog: stopped; {}. Run the same command to go on.\n", run.stopped);
    return kExitInterrupted;
  }
  if (report.pending > 0 && !flags.allow_pending) {
    print_err("earthcatalog: {} objects are pending. {}, or pass --allow-pending to call this a success.\n",
              report.pending, run.retry(report));
    return kExitFailed;
  }
  return kExitOk;
}

}  // namespace earthcatalog::cli
