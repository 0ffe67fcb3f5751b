#include "earthcatalog/answer/changes.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/read_access.h"

namespace earthcatalog::cli {
namespace {

class ChangesCommand final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("changes", "items added, updated and deleted between two states of a table, one a line");
    table_.add(*app_);
    app_->add_option("--since", since_, "the earlier state: a snapshot id, 2026-01-31, an RFC 3339 time, or 2d")
        ->required();
    app_->add_option("--until", until_, "the later state (default: now)");
    app_->add_option("--format", format_, "ndjson: a change a line")
        ->check(CLI::IsMember({"ndjson"}))
        ->capture_default_str();
    app_->add_option("--workers", workers_, "threads that read and compute (default: cores)")->check(at_least(1));
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, open_to_read(session(), table_, report_));
    EC_ASSIGN_OR_RETURN(const auto before, annotate(at_state(access.table, since_), "`since`"));
    auto after = access.table;
    if (!until_.empty()) {
      EC_ASSIGN_OR_RETURN(after, annotate(at_state(access.table, until_), "`until`"));
    }
    EC_TRY(check_order(before, after));
    const auto visit = [&](std::string_view json) -> Result<bool> {
      session().write(json);
      return session().write("\n");
    };
    EC_ASSIGN_OR_RETURN(const auto changes,
                        answer::find_changes(before, after, {.workers = worker_count(workers_)}, visit));
    report_.record_json(nlohmann::ordered_json{{"since", snapshot_json(before)},
                                               {"until", snapshot_json(after)},
                                               {"added", changes.added},
                                               {"updated", changes.updated},
                                               {"deleted", changes.deleted},
                                               {"files_read", changes.files_read}}
                            .dump());
    return kExitOk;
  }

 private:
  static Status check_order(const read::TableReader& before, const read::TableReader& after) {
    const auto *first = before.snapshot(), *last = after.snapshot();
    if (first == nullptr || last == nullptr || first->sequence_number <= last->sequence_number) return {};
    return fail(ErrorKind::kInvalidArgument, "`since` is snapshot {}, which is later than `until`, snapshot {}",
                first->snapshot_id, last->snapshot_id);
  }

  TableFlags table_;
  std::string since_, until_, format_ = "ndjson";
  std::optional<int> workers_;
};

}  // namespace

std::unique_ptr<Command> make_changes() { return std::make_unique<ChangesCommand>(); }

}  // namespace earthcatalog::cli
