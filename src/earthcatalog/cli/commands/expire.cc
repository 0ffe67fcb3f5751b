#include "earthcatalog/maintenance/expire/expire.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/table_options.h"
#include "earthcatalog/config/units.h"

namespace earthcatalog::cli {
namespace {

class Expire final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("expire", "removes old snapshots, and files that no snapshot of the table names");
    table_.add(*app_);
    app_->add_option("--older-than", older_than_, "what the table needed since so long ago stays")
        ->capture_default_str();
    app_->add_option("--retain-last", retain_last_, "the newest so many snapshots stay, whatever their age")
        ->check(at_least(1))
        ->capture_default_str();
    app_->add_flag("--dry-run", dry_run_, "list what would go, change nothing");
    lock_.add(*app_, "Lock");
    report_.add(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(table_));
    EC_TRY(report_.begin(access));
    EC_ASSIGN_OR_RETURN(const auto spec, make_spec(access));
    storage::Stores stores(access.storage);
    maintenance::ExpireReport report;
    const auto status = session().watch([&](const Hooks& run) {
      maintenance::ExpireHooks hooks{.stop = run.stop, .on_dead = {}, .progress = {}};
      // A dry run's list is its progress.
      if (!dry_run_) hooks.progress = run.progress;
      if (dry_run_) hooks.on_dead = [this](const std::string& uri, std::int64_t bytes) { list(uri, bytes); };
      return maintenance::run_expire(stores, spec, hooks, report);
    });
    if (status || !report.places.empty()) print(report);
    if (!status && status.error().kind == ErrorKind::kCancelled) {
      return fail(ErrorKind::kCancelled, "stopped; the table is whole. Run the same command to go on.");
    }
    EC_TRY(status);
    return kExitOk;
  }

 private:
  Result<maintenance::ExpireSpec> make_spec(const TableAccess& access) const {
    maintenance::ExpireSpec spec;
    EC_ASSIGN_OR_RETURN(spec.catalog, locked_catalog(session(), access, lock_, "expire"));
    EC_ASSIGN_OR_RETURN(const double seconds, annotate(config::parse_duration(older_than_), "--older-than"));
    spec.older_than_seconds = static_cast<std::int64_t>(seconds);
    spec.retain_last = retain_last_;
    spec.dry_run = dry_run_;
    return spec;
  }

  // Of a dry run: a line at once, or kept for the one JSON document.
  void list(const std::string& uri, std::int64_t bytes) {
    if (report_.json()) {
      dead_.push_back({{"uri", uri}, {"bytes", bytes}});
    } else {
      print_out("file {} {}\n", uri, bytes);
    }
  }

  // A dry run's list alone goes to stdout as text; its counts to stderr.
  void print(const maintenance::ExpireReport& report) {
    auto json = nlohmann::ordered_json::parse(maintenance::to_json(report));
    if (report_.json() && dry_run_) json["would_remove"] = std::move(dead_);
    report_.record_json(json.dump());
    if (report_.json()) return;
    if (dry_run_) {
      for (const auto& snapshot : report.snapshots_removed) {
        print_out("snapshot {} {} {}\n", snapshot.snapshot_id, format_time(snapshot.time), snapshot.operation);
      }
      print_err("{}", maintenance::to_text(report));
    } else {
      print_out("{}", maintenance::to_text(report));
    }
    flush_output();
  }

  TableFlags table_;
  LockFlags lock_;
  std::string older_than_ = "24h";
  std::int64_t retain_last_ = 1;
  bool dry_run_ = false;
  nlohmann::ordered_json dead_ = nlohmann::ordered_json::array();
};

}  // namespace

std::unique_ptr<Command> make_expire() { return std::make_unique<Expire>(); }

}  // namespace earthcatalog::cli
