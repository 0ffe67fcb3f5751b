#include "earthcatalog/cli/lock_flags.h"

#include "earthcatalog/cli/options.h"
#include "earthcatalog/cli/settings.h"

namespace earthcatalog::cli {

void LockFlags::add(CLI::App& app, const std::string& group) {
  as_path(app.add_option("--lock", lock_uri, "where the lock is (default: <catalog>.lock)"))->group(group);
  app.add_flag("--no-lock", no_lock, "run without the lock: only when nobody else writes")->group(group);
  app.add_option("--lock-ttl", lock_ttl, "a lock without heartbeat for so long is taken over")
      ->capture_default_str()
      ->group(group);
}

Status LockFlags::apply(const std::string& owner, catalog::CatalogOptions& options) const {
  options.lock = !no_lock;
  options.lock_uri = lock_uri;
  options.lock_owner = owner;
  EC_ASSIGN_OR_RETURN(const double ttl, annotate(parse_duration(lock_ttl), "--lock-ttl"));
  if (ttl < 1) return fail(ErrorKind::kInvalidArgument, "--lock-ttl {}: at least 1s", lock_ttl);
  options.lock_stale_after_seconds = static_cast<std::int64_t>(ttl);
  options.host = catalog::this_host();
  return {};
}

}  // namespace earthcatalog::cli
