#include "earthcatalog/catalog/lock/lock.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <stop_token>
#include <thread>
#include <utility>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/together.h"
#include "earthcatalog/catalog/lock/lock_object.h"
#include "earthcatalog/storage/conditional_probe.h"

namespace earthcatalog::catalog {
namespace {

std::string random_token() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

// A store that ignores conditions would let two processes hold the lock.
Status require_conditional_writes(const storage::Location& where) {
  EC_ASSIGN_OR_RETURN(const bool honoured, storage::probe_conditional_put(*where.store, where.key));
  if (honoured) return {};
  return fail(
      ErrorKind::kUnsupported,
      "{}: this store does not honour If-None-Match and If-Match, which a catalog and its lock need; keep them on "
      "a local disk or on S3 (`catalog`, `lock`)",
      where.uri());
}

}  // namespace

// The lock object is the arbiter, and the fence follows it.
class Lock::Impl {
 public:
  Impl(storage::Location where, Fence& fence, LockOptions options)
      : where_(std::move(where)), fence_(fence), options_(std::move(options)), object_(where_) {
    if (!options_.make_token) options_.make_token = random_token;
  }

  /// Leaves no lock behind when it fails.
  Status acquire() {
    MutexLock lock(writing_);
    auto status = try_acquire();
    if (status || !object_.held()) return status;
    lock.unlock();
    (void)release();
    return status;
  }
  void start_heartbeat();
  void stop_heartbeat();

  bool admits(const std::optional<std::string>& token) const {
    const MutexLock guard(state_);
    return token ? *token == token_ : catalog_was_absent_;
  }
  std::string token() const {
    const MutexLock guard(state_);
    return token_;
  }

  std::string uri() const { return where_.uri(); }
  LockRecord record() {
    const MutexLock guard(writing_);
    return object_.record();
  }

  Status beat();
  Status check();
  Status reassert();
  Status release();

 private:
  enum class Step { kDone, kAgain };
  // What is there before we take the lock, in the order in which it was read: whoever changes the token after that,
  // changes it after he saw our lock.
  struct Seen {
    std::optional<std::string> token;  // of the fence
    std::optional<storage::Object> lock;
    bool catalog_exists = true;  // asked for where there is no lock
  };

  Status try_acquire() EC_REQUIRES(writing_);
  Status see(Seen& seen);
  Result<Step> create(const Seen& seen) EC_REQUIRES(writing_);
  Result<Step> take_over(const storage::Object& found, const std::optional<std::string>& fence_token)
      EC_REQUIRES(writing_);
  Status beat_locked() EC_REQUIRES(writing_);
  Status reassert_locked() EC_REQUIRES(writing_);
  void use_token(std::string token) EC_REQUIRES(writing_);
  void tell_taken_over(const LockRecord& other, const std::string& reason) const;
  Error lost() EC_REQUIRES(writing_);
  std::optional<LockRecord> present_holder();

  const storage::Location where_;
  Fence& fence_;
  LockOptions options_;

  Mutex writing_;  // one conditional write of the lock at a time
  LockObject object_ EC_GUARDED_BY(writing_);
  std::optional<Error> lost_ EC_GUARDED_BY(writing_);
  std::optional<Error> failed_beat_ EC_GUARDED_BY(writing_);
  TimeMicros last_beat_ EC_GUARDED_BY(writing_) = 0;

  mutable Mutex state_;  // for what commits ask, which need not wait for a write
  std::string token_ EC_GUARDED_BY(state_);
  bool catalog_was_absent_ EC_GUARDED_BY(state_) = false;

  std::condition_variable_any wake_;
  std::jthread heart_;
};

void Lock::Impl::use_token(std::string token) {
  object_.set_token(token);
  const MutexLock guard(state_);
  token_ = std::move(token);
}

Status Lock::Impl::see(Seen& seen) {
  EC_ASSIGN_OR_RETURN(seen.token, fence_.read());
  EC_ASSIGN_OR_RETURN(seen.lock, where_.store->get(where_.key));
  if (seen.lock) return {};
  EC_ASSIGN_OR_RETURN(seen.catalog_exists, fence_.exists());
  return {};
}

Status Lock::Impl::try_acquire() {
  Seen seen;
  if (where_.store->capabilities().far) {
    EC_TRY(together({[&] { return require_conditional_writes(where_); }, [&] { return see(seen); }}));
  } else {
    EC_TRY(require_conditional_writes(where_));
    EC_TRY(see(seen));
  }
  for (int attempt = 0; attempt < kMostLockAttempts; ++attempt) {
    if (attempt > 0) EC_TRY(see(seen));
    const TimeMicros now = options_.clock();
    object_.set_record({.owner = options_.owner,
                        .pid = options_.host.pid,
                        .hostname = options_.host.hostname,
                        .acquired = now,
                        .ttl_hours = options_.ttl_hours,
                        .run_id = options_.run_id,
                        .boot_id = options_.host.boot_id,
                        .pid_namespace = options_.host.pid_namespace,
                        .token = {},
                        .process_start_time = options_.host.process_start_time,
                        .heartbeat = now});
    use_token(options_.make_token());
    auto step = seen.lock ? take_over(*seen.lock, seen.token) : create(seen);
    EC_TRY(step);
    if (*step == Step::kDone) {
      last_beat_ = now;
      return {};
    }
  }
  return fail(ErrorKind::kLocked, "CatalogLocked: {}: others took the lock {} in each of {} attempts; try again",
              options_.catalog, where_.uri(), kMostLockAttempts);
}

Result<Lock::Impl::Step> Lock::Impl::create(const Seen& seen) {
  EC_ASSIGN_OR_RETURN(const bool created, object_.create());
  if (!created) return Step::kAgain;
  if (!seen.catalog_exists && !seen.token) {
    const MutexLock guard(state_);
    catalog_was_absent_ = true;  // the first commit writes the token
    return Step::kDone;
  }
  EC_ASSIGN_OR_RETURN(const bool fenced, fence_.exchange(seen.token, object_.record().token));
  if (!fenced) EC_TRY(reassert_locked());
  return Step::kDone;
}

Result<Lock::Impl::Step> Lock::Impl::take_over(const storage::Object& found,
                                               const std::optional<std::string>& fence_token) {
  EC_ASSIGN_OR_RETURN(const LockRecord other, parse_lock(where_, found.bytes));
  const auto stale = why_stale(other, options_);
  if (!stale) return std::unexpected(catalog_locked(other, where_.uri(), options_.catalog));
  // From here on the old holder, should it wake up, cannot commit.
  EC_ASSIGN_OR_RETURN(const bool fenced, fence_.exchange(fence_token, object_.record().token));
  if (!fenced) return Step::kAgain;
  EC_ASSIGN_OR_RETURN(const bool won, object_.take_over(found.info.etag));
  if (!won) return Step::kAgain;
  // Another one that saw the same stale lock may have moved the token between our two writes, and lost.
  EC_ASSIGN_OR_RETURN(const auto token, fence_.read());
  if (token != object_.record().token) EC_TRY(reassert_locked());
  tell_taken_over(other, *stale);
  return Step::kDone;
}

void Lock::Impl::tell_taken_over(const LockRecord& other, const std::string& reason) const {
  if (!options_.event) return;
  options_.event({.name = "lock_taken_over",
                  .message = fmt::format("{}: the lock of {} (process {} on {}, run {}) was taken over: {}",
                                         where_.uri(), other.owner, other.pid, other.hostname, other.run_id, reason),
                  .fields = {{"uri", where_.uri()},
                             {"owner", other.owner},
                             {"pid", other.pid},
                             {"hostname", other.hostname},
                             {"run_id", other.run_id},
                             {"reason", reason}}});
}

// The lock is another's: for good.
Error Lock::Impl::lost() {
  lost_ = lock_lost(present_holder(), where_.uri(), options_.catalog);
  if (options_.event) {
    options_.event({.level = Event::Level::kWarning,
                    .name = "lock_lost",
                    .message = lost_->message,
                    .fields = {{"uri", where_.uri()}}});
  }
  return *lost_;
}

std::optional<LockRecord> Lock::Impl::present_holder() {
  auto found = read_lock(where_);
  return found ? *found : std::nullopt;
}

Status Lock::Impl::reassert_locked() {
  if (lost_) return std::unexpected(*lost_);
  for (int attempt = 0; attempt < kMostLockAttempts; ++attempt) {
    EC_ASSIGN_OR_RETURN(const auto seen, fence_.read());
    if (seen == object_.record().token) return {};
    use_token(options_.make_token());
    object_.set_heartbeat(options_.clock());
    EC_ASSIGN_OR_RETURN(const bool still_ours, object_.write());
    if (!still_ours) return std::unexpected(lost());
    EC_ASSIGN_OR_RETURN(const bool fenced, fence_.exchange(seen, object_.record().token));
    if (fenced) return {};
  }
  return fail(ErrorKind::kLocked, "{}: other processes keep trying to take the lock {} over; stop them and try again",
              options_.catalog, where_.uri());
}

Status Lock::Impl::reassert() {
  const MutexLock guard(writing_);
  return reassert_locked();
}

Status Lock::Impl::beat_locked() {
  if (lost_) return std::unexpected(*lost_);
  object_.set_heartbeat(options_.clock());
  auto written = object_.write();
  if (!written) {
    failed_beat_ = std::move(written).error().annotate(fmt::format("keeping the lock {}", where_.uri()));
    if (options_.event) {
      options_.event({.name = "heartbeat_failed",
                      .message = failed_beat_->message,
                      .fields = {{"uri", where_.uri()}, {"reason", failed_beat_->message}}});
    }
    return std::unexpected(*failed_beat_);
  }
  failed_beat_.reset();
  if (!*written) return std::unexpected(lost());
  last_beat_ = *object_.record().heartbeat;
  return {};
}

Status Lock::Impl::beat() {
  const MutexLock guard(writing_);
  return beat_locked();
}

Status Lock::Impl::check() {
  const MutexLock guard(writing_);
  if (lost_) return std::unexpected(*lost_);
  // A process that slept (or whose heartbeats failed) asks whether it was thought dead.
  const bool late = options_.clock() - last_beat_ > options_.stale_after_seconds * kMicrosPerSecond / 2;
  if (failed_beat_ || late) return beat_locked();
  return {};
}

Status Lock::Impl::release() {
  stop_heartbeat();
  const MutexLock guard(writing_);
  if (!object_.held() || lost_) return {};
  // The lock is removed only while it is the object that this heartbeat wrote. Where a server does not know such a
  // condition, the fresh heartbeat keeps others from taking the lock over in between.
  const auto begin = std::chrono::steady_clock::now();
  EC_TRY(beat_locked());
  if (std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(500 * options_.stale_after_seconds)) {
    return fail(ErrorKind::kUnavailable, "releasing the lock {} took too long: it is left to expire", where_.uri());
  }
  return object_.remove();
}

void Lock::Impl::start_heartbeat() {
  if (options_.heartbeat_seconds <= 0) return;
  heart_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex waiting;  // guards nothing: a condition variable that knows stop tokens needs one
    std::unique_lock hold(waiting);
    // Well within the time to live, so that a late beat is no reason to take the lock over.
    const auto period = std::min(std::chrono::milliseconds(1000 * options_.heartbeat_seconds),
                                 std::chrono::milliseconds(250 * options_.stale_after_seconds));
    while (!wake_.wait_for(hold, stop, period, [&] { return stop.stop_requested(); })) {
      (void)beat();  // a failure is kept for check()
    }
  });
}

void Lock::Impl::stop_heartbeat() {
  if (!heart_.joinable()) return;
  heart_.request_stop();
  heart_.join();
}

Lock::Lock(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Lock::~Lock() { (void)impl_->release(); }

Result<std::unique_ptr<Lock>> Lock::acquire(storage::Location where, Fence& fence, LockOptions options) {
  auto impl = std::make_unique<Impl>(std::move(where), fence, std::move(options));
  EC_TRY(impl->acquire());
  impl->start_heartbeat();
  return std::unique_ptr<Lock>(new Lock(std::move(impl)));
}

bool Lock::admits(const std::optional<std::string>& token) const { return impl_->admits(token); }
std::string Lock::token() const { return impl_->token(); }
std::string Lock::uri() const { return impl_->uri(); }
LockRecord Lock::record() const { return impl_->record(); }
Status Lock::beat() { return impl_->beat(); }
Status Lock::check() { return impl_->check(); }
Status Lock::reassert() { return impl_->reassert(); }
Status Lock::release() { return impl_->release(); }

Result<std::optional<LockRecord>> break_lock(const storage::Location& where, Fence& fence) {
  EC_ASSIGN_OR_RETURN(const auto found, where.store->get(where.key));
  if (!found) return std::nullopt;
  bool fenced = false;
  for (int attempt = 0; !fenced && attempt < kMostLockAttempts; ++attempt) {
    EC_ASSIGN_OR_RETURN(const auto token, fence.read());
    EC_ASSIGN_OR_RETURN(fenced, fence.exchange(token, random_token()));
  }
  if (!fenced) return fail(ErrorKind::kConflict, "{}: the catalog changes all the time; try again", where.uri());
  EC_TRY(where.store->remove({&where.key, 1}));
  auto record = LockRecord::parse(found->bytes);
  return record ? *record : LockRecord{};
}

}  // namespace earthcatalog::catalog
