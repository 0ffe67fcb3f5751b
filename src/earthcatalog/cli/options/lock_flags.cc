#include "earthcatalog/cli/options/lock_flags.h"

#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/cli/options/run_id.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/config/units.h"

namespace earthcatalog::cli {

void LockFlags::add(CLI::App& app, const std::string& group) {
  as_path(app.add_option("--lock", lock_uri, "where the lock is (default: <catalog>.lock)"))->group(group);
  app.add_flag("--no-lock", no_lock, "run without the lock: only when nobody else writes")->group(group);
  app.add_option("--lock-ttl", lock_ttl, "a lock without heartbeat for so long is taken over")
      ->capture_default_str()
      ->group(group);
  app.add_option("--run-id", run_id, "32 hex digits that name the run in snapshots and data files (default: random)")
      ->group(group);
}

namespace {

Result<std::string> checked_run_id(const std::string& text) {
  if (text.empty()) return make_run_id();
  if (text.size() == 32 && text.find_first_not_of("0123456789abcdef") == text.npos) return text;
  return fail(ErrorKind::kInvalidArgument, "--run-id {}: not 32 of the digits 0-9 and a-f", text);
}

}  // namespace

Status LockFlags::apply(const std::string& owner, catalog::CatalogOptions& options) const {
  EC_ASSIGN_OR_RETURN(options.run_id, checked_run_id(run_id));
  options.lock = !no_lock;
  options.lock_uri = lock_uri;
  options.lock_owner = owner;
  EC_ASSIGN_OR_RETURN(const double ttl, annotate(config::parse_duration(lock_ttl), "--lock-ttl"));
  if (ttl < 1) return fail(ErrorKind::kInvalidArgument, "--lock-ttl {}: at least 1s", lock_ttl);
  options.lock_stale_after_seconds = static_cast<std::int64_t>(ttl);
  options.host = catalog::this_host();
  return {};
}

}  // namespace earthcatalog::cli
