// The lock of a catalog: one writer at a time (protocol and proof in docs/format/catalog.md).
//
//   EC_ASSIGN_OR_RETURN(auto lock, Lock::acquire(location, fence, options));
//   ... each commit: the token found in the catalog file must pass lock->admits(token) ...
//   EC_TRY(lock->release());
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/event.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/catalog/lock/fence.h"
#include "earthcatalog/catalog/lock/host.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::catalog {

/// What the lock object holds. The first five members are those that the Python peer writes and understands.
struct LockRecord {
  std::string owner;  ///< the kind of job: "incremental"
  std::int64_t pid = 0;
  std::string hostname;
  TimeMicros acquired = 0;
  double ttl_hours = 12;
  // Absent in locks of the peer.
  std::string run_id, boot_id, pid_namespace, token;
  std::int64_t process_start_time = 0;
  std::optional<TimeMicros> heartbeat;

  std::string to_json() const;
  /// kInvalidData names what is wrong. Unknown members are passed over.
  static Result<LockRecord> parse(std::string_view json);
};

struct LockOptions {
  std::string catalog;  ///< path or URI, for messages
  std::string owner = "earthcatalog";
  std::string run_id;
  HostIdentity host;
  Clock clock = system_now;
  std::int64_t stale_after_seconds = 300;   ///< --lock-ttl: no heartbeat for so long means dead
  std::int64_t heartbeat_seconds = 30;      ///< 0: no thread; somebody calls beat()
  double ttl_hours = 12;                    ///< for the peer, which knows no heartbeats
  std::function<std::string()> make_token;  ///< a name never used before; none: random
  EventFunction event = {};
};

/// Why a lock may be taken over, as a sentence; nothing while its holder must be thought alive.
std::optional<std::string> why_stale(const LockRecord& lock, const LockOptions& mine);

/// Where a catalog's lock is when nobody says another place.
std::string default_lock_uri(std::string_view catalog);

/// "CatalogLocked: … is locked by incremental (pid 12 on host a, run …) since …; …": who, where, since when, and what
/// to do. kLocked; the detail is the record with `catalog` and `lock_uri`, without the token.
Error catalog_locked(const LockRecord& lock, std::string_view lock_uri, std::string_view catalog);
/// The lock was ours and is `now` another's, or gone (nothing). Kind and detail as above.
Error lock_lost(const std::optional<LockRecord>& now, std::string_view lock_uri, std::string_view catalog);

/// A lock that this process holds. Thread-safe. The destructor releases it, as far as that works.
class Lock {
 public:
  /// Creates the lock object or takes a stale one over. kLocked (catalog_locked) while another holds it;
  /// kUnsupported when the store ignores conditional writes. `fence` must outlive the lock.
  static Result<std::unique_ptr<Lock>> acquire(storage::Location where, Fence& fence, LockOptions options);
  ~Lock();

  /// Whether a commit may happen on a catalog file that holds `token` (nothing: none): it is ours, or the file came
  /// into being after we took the lock. The commit then writes token() into the file.
  bool admits(const std::optional<std::string>& token) const;
  std::string token() const;

  /// Full URI of the lock object.
  std::string uri() const;
  /// What the lock object holds.
  LockRecord record() const;

  /// Says that we are alive, by a conditional write. kLocked when the lock is another's by now.
  Status beat();
  /// kLocked or the error of the last heartbeat, when the lock is lost or could not be kept: to be asked before each
  /// commit. Tries a failed heartbeat once more.
  Status check();
  /// After a commit met a token that is not ours: shows by a conditional write that the lock still is, and puts our
  /// token back. kLocked when it is another's.
  Status reassert();
  /// Removes the lock object, if it still is ours.
  Status release();

 private:
  class Impl;
  explicit Lock(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// For `earthcatalog unlock`: the lock as it is, nothing when there is none.
Result<std::optional<LockRecord>> read_lock(const storage::Location& where);
/// Removes the lock whoever holds it, after taking its holder's right to commit away. What was removed; nothing when
/// there was none.
Result<std::optional<LockRecord>> break_lock(const storage::Location& where, Fence& fence);

}  // namespace earthcatalog::catalog
