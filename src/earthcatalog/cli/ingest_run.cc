#include "earthcatalog/cli/ingest_run.h"

#include <fmt/format.h>

#include "earthcatalog/cli/command.h"

namespace earthcatalog::cli {

Result<int> run_ingest(const IngestFlags& flags, Session& session, RunReport& report, const IngestRun& run) {
  ingest::Report done;
  const Status status = session.watch([&](const Hooks& hooks) { return run.work(hooks, done); });
  for (auto& warning : done.warnings) warning = session.words(warning);
  report.record(done);
  if (done.source_items > 0 || status) report.tell(done);
  EC_TRY(status);
  if (done.interrupted) {
    return fail(ErrorKind::kCancelled, "stopped; {}. Run the same command to go on.", run.stopped);
  }
  if (done.pending > 0 && !flags.allow_pending) {
    return fail(ErrorKind::kUnavailable, "{} objects are pending. {}, or pass --allow-pending to call this a success.",
                done.pending, run.retry(done));
  }
  return kExitOk;
}

}  // namespace earthcatalog::cli
