#include "earthcatalog/incremental/delta.h"

#include <fmt/format.h>

#include <cstdio>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/ingest_options.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/options/standard_input.h"
#include "earthcatalog/config/units.h"

namespace earthcatalog::cli {
namespace {

class Delta final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ =
        app.add_subcommand("delta", "new, changed and removed objects of a bucket, as an inventory, or into the table");
    flags_.add(*app_, {.chunk_size = incremental::IncrementalSpec().chunk_size});
    report_.add(*app_, "Run");
    const std::string group = "Delta";
    app_->add_flag("--by-id", by_id_, "new is what has a file name (without suffix) that is no id of the hash index")
        ->group(group);
    app_->add_flag("--delete-removed", delete_removed_, "take rows of objects that are gone out of the table")
        ->group(group);
    app_->add_option("--max-removed", max_removed_,
                     "share of the recorded objects that the list judges that may be gone, else nothing is done")
        ->capture_default_str()
        ->group(group);
    as_path(app_->add_option("--out", out_,
                             "the inventory to write (*.parquet; default: <warehouse>/delta/pending/<run id>.parquet)"))
        ->group(group);
    app_->add_flag("--ingest", ingest_, "bring what is new and changed into the table")->group(group);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(flags_.table));
    EC_TRY(report_.begin(access, flags_.inventory));
    EC_ASSIGN_OR_RETURN(auto spec, make_spec(access));
    storage::Stores stores(access.storage);
    EC_TRY(choose_inventory(session(), stores, spec.inventory));
    report_.set_inventory(spec.inventory);
    incremental::DeltaReport report;
    const auto status = session().watch([&](const Hooks& hooks) { return run_delta(stores, spec, hooks, report); });
    report_.record(report);
    EC_TRY(status);
    report_.tell(report);
    if (report.ingest && report.ingest->interrupted) {
      return fail(ErrorKind::kCancelled, "stopped; whole chunks are committed. The next delta takes up the rest.");
    }
    if (report.ingest && report.ingest->pending > 0 && !flags_.allow_pending) {
      return fail(ErrorKind::kUnavailable,
                  "{} objects are pending; the next delta takes them up. Pass --allow-pending to call this a success.",
                  report.ingest->pending);
    }
    return kExitOk;
  }

 private:
  Result<incremental::DeltaSpec> make_spec(const TableAccess& access) const {
    incremental::DeltaSpec spec;
    EC_ASSIGN_OR_RETURN(spec.inventory, inventory_path(flags_.inventory));
    EC_ASSIGN_OR_RETURN(spec.inventory_options, inventory_options(flags_));
    EC_ASSIGN_OR_RETURN(spec.catalog, catalog_options(session(), flags_, access, "delta"));
    spec.by_id = by_id_;
    spec.delete_removed = delete_removed_;
    EC_ASSIGN_OR_RETURN(spec.max_removed, annotate(config::parse_share(max_removed_), "--max-removed"));
    spec.out = out_;
    if (!out_.empty() && !out_.ends_with(".parquet")) {
      return fail(ErrorKind::kInvalidArgument, "--out {}: let its name end in .parquet", out_);
    }
    EC_ASSIGN_OR_RETURN(spec.memory_limit_bytes, memory_limit(flags_));
    spec.workers = static_cast<std::size_t>(worker_count(flags_.workers));
    if (ingest_) {  // with a run id of its own: the files of a run are named after it
      EC_ASSIGN_OR_RETURN(spec.ingest, incremental_spec(session(), flags_, access, "delta"));
      spec.ingest->refetch = by_id_;  // an object may be known, and its item not be in the hash index
    }
    return spec;
  }

  IngestFlags flags_;
  std::string max_removed_ = "1%", out_;
  bool by_id_ = false, delete_removed_ = false, ingest_ = false;
};

}  // namespace

std::unique_ptr<Command> make_delta() { return std::make_unique<Delta>(); }

}  // namespace earthcatalog::cli
