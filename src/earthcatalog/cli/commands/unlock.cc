#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/options/table_options.h"

namespace earthcatalog::cli {
namespace {

class Unlock final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("unlock", "shows who holds the lock of a catalog; --force removes it");
    table_.add(*app_);
    as_path(app_->add_option("--lock", lock_uri_, "where the lock is (default: <catalog>.lock)"));
    app_->add_flag("--force", force_, "remove the lock; its holder can commit no more");
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(session(), table_));
    EC_TRY(report_.begin(access));
    storage::Stores stores(access.storage);
    const catalog::LockPlace place{.catalog = access.catalog, .lock_uri = lock_uri_};
    EC_ASSIGN_OR_RETURN(const auto lock,
                        force_ ? catalog::force_unlock(stores, place) : catalog::show_lock(stores, place));
    report_.record_json(to_json(lock));
    if (!report_.json()) write_out(lock ? to_text(*lock) : std::string("not locked\n"));
    return kExitOk;
  }

 private:
  // Why the next run may take the lock over.
  static std::optional<std::string> why_stale(const catalog::LockRecord& lock) {
    return catalog::why_stale(lock, {.host = catalog::this_host()});
  }

  std::string to_json(const std::optional<catalog::LockRecord>& lock) const {
    nlohmann::ordered_json json;
    json["locked"] = lock && !force_;
    if (lock) {
      json.update(nlohmann::ordered_json::parse(lock->to_json()));
      const auto stale = why_stale(*lock);
      json["stale"] = stale ? nlohmann::ordered_json(*stale) : nlohmann::ordered_json();
    }
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  std::string to_text(const catalog::LockRecord& lock) const {
    auto text = fmt::format("{} {} (pid {} on {}, run {}) since {}{}\n", force_ ? "removed the lock of" : "locked by",
                            lock.owner, lock.pid, lock.hostname, lock.run_id.empty() ? "unknown" : lock.run_id,
                            format_time(lock.acquired),
                            lock.heartbeat ? ", last heartbeat " + format_time(*lock.heartbeat) : "");
    const auto stale = why_stale(lock);
    if (stale && !force_) {
      text += fmt::format("its holder is gone: {}. The next run takes the lock over; --force removes it now\n", *stale);
    }
    return text;
  }

  TableFlags table_;
  std::string lock_uri_;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<Command> make_unlock() { return std::make_unique<Unlock>(); }

}  // namespace earthcatalog::cli
