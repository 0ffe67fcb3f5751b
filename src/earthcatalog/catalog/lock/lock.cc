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
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/together.h"
#include "earthcatalog/storage/conditional_probe.h"

namespace earthcatalog::catalog {
namespace {

// Attempts at a step that another process keeps undoing; each failure means that somebody else made progress.
constexpr int kMaxAttempts = 20;

std::string random_token() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

Error lock_lost(const LockOptions& mine, std::string_view lock_uri, const std::optional<LockRecord>& other) {
  const std::string now = other ? fmt::format("it was taken over by {} (process {} on {}, run {}) at {}", other->owner,
                                              other->pid, other->hostname, other->run_id, format_time(other->acquired))
                                : std::string("it was removed");
  return Error{ErrorKind::kConflict,
               fmt::format("the lock {} of {} is no longer ours: {}; nothing more is committed by this run, start it "
                           "again when the other one is done",
                           lock_uri, mine.catalog, now)};
}

Result<LockRecord> parse_lock(const storage::Location& where, std::string_view bytes) {
  auto record = LockRecord::parse(bytes);
  if (!record) {
    return fail(ErrorKind::kInvalidData,
                "{} is no lock of a catalog: {}; if nobody uses the catalog, remove it with: `unlock(force)`",
                where.uri(), record.error().message);
  }
  return record;
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

// The lock object is the arbiter: who wrote it last by a conditional write holds the lock. The fence follows it.
class Lock::Impl {
 public:
  Impl(storage::Location where, Fence& fence, LockOptions options)
      : where_(std::move(where)), fence_(fence), options_(std::move(options)) {
    if (!options_.make_token) options_.make_token = random_token;
  }

  /// Leaves no lock behind when it fails.
  Status acquire() {
    MutexLock lock(writing_);
    auto status = try_acquire();
    if (status || !held_) return status;
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

  Status beat();
  Status check();
  Status reassert();
  Status release();

 private:
  enum class Step { kDone, kAgain };
  enum class Found { kOther, kOurs, kDesired };
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
  Result<bool> write() EC_REQUIRES(writing_);
  Result<Found> look(const std::string& desired) EC_REQUIRES(writing_);
  Status beat_locked() EC_REQUIRES(writing_);
  Status reassert_locked() EC_REQUIRES(writing_);
  void use_token(std::string token) EC_REQUIRES(writing_);
  std::optional<LockRecord> present_holder();

  const storage::Location where_;
  Fence& fence_;
  LockOptions options_;

  Mutex writing_;  // one conditional write of the lock at a time
  LockRecord record_ EC_GUARDED_BY(writing_);
  std::string etag_ EC_GUARDED_BY(writing_);
  std::vector<std::string> used_tokens_ EC_GUARDED_BY(writing_);
  std::optional<Error> lost_ EC_GUARDED_BY(writing_);
  std::optional<Error> failed_beat_ EC_GUARDED_BY(writing_);
  TimeMicros last_beat_ EC_GUARDED_BY(writing_) = 0;
  bool held_ EC_GUARDED_BY(writing_) = false;

  mutable Mutex state_;  // for what commits ask, which need not wait for a write
  std::string token_ EC_GUARDED_BY(state_);
  bool catalog_was_absent_ EC_GUARDED_BY(state_) = false;

  std::condition_variable_any wake_;
  std::jthread heart_;
};

void Lock::Impl::use_token(std::string token) {
  used_tokens_.push_back(token);
  record_.token = token;
  const MutexLock guard(state_);
  token_ = std::move(token);
}

// Whether the lock object is one that we wrote (then etag_ is its etag), and if so, whether it is `desired`: an earlier
// write whose reply was lost may have happened after all.
Result<Lock::Impl::Found> Lock::Impl::look(const std::string& desired) {
  EC_ASSIGN_OR_RETURN(const auto found, where_.store->get(where_.key));
  if (!found) return Found::kOther;
  const auto record = LockRecord::parse(found->bytes);
  if (!record || std::ranges::find(used_tokens_, record->token) == used_tokens_.end()) return Found::kOther;
  etag_ = found->info.etag;
  return found->bytes == desired ? Found::kDesired : Found::kOurs;
}

// Replaces the lock object by record_; false when it is no longer ours. An error leaves it open whether the write
// happened: the next one finds out.
Result<bool> Lock::Impl::write() {
  const std::string bytes = record_.to_json();
  for (int attempt = 0;; ++attempt) {
    auto put = where_.store->put_if_match(where_.key, bytes, etag_);
    if (put && put->stored) {
      etag_ = put->etag;
      held_ = true;
      return true;
    }
    const auto found = look(bytes);
    if (found == Found::kDesired) {
      held_ = true;
      return true;
    }
    if (!put) return std::unexpected(std::move(put).error());
    EC_TRY(found);
    if (*found == Found::kOther || attempt == kMaxAttempts) return false;
  }
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
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    if (attempt > 0) EC_TRY(see(seen));
    const TimeMicros now = options_.clock();
    record_ = LockRecord{.owner = options_.owner,
                         .pid = options_.host.pid,
                         .hostname = options_.host.hostname,
                         .acquired = now,
                         .ttl_hours = options_.ttl_hours,
                         .run_id = options_.run_id,
                         .boot_id = options_.host.boot_id,
                         .pid_namespace = options_.host.pid_namespace,
                         .token = {},
                         .process_start_time = options_.host.process_start_time,
                         .heartbeat = now};
    use_token(options_.make_token());
    auto step = seen.lock ? take_over(*seen.lock, seen.token) : create(seen);
    EC_TRY(step);
    if (*step == Step::kDone) {
      last_beat_ = now;
      return {};
    }
  }
  return fail(ErrorKind::kConflict, "CatalogLocked: {}: others took the lock {} in each of {} attempts; try again",
              options_.catalog, where_.uri(), kMaxAttempts);
}

Result<Lock::Impl::Step> Lock::Impl::create(const Seen& seen) {
  const std::string bytes = record_.to_json();
  auto put = where_.store->put_if_absent(where_.key, bytes);
  if (put && put->stored) {
    etag_ = put->etag;
  } else if (const auto found = look(bytes); found != Found::kDesired) {
    if (!put) return std::unexpected(std::move(put).error());
    EC_TRY(found);
    return Step::kAgain;
  }
  held_ = true;
  if (!seen.catalog_exists && !seen.token) {
    const MutexLock guard(state_);
    catalog_was_absent_ = true;  // the first commit writes the token
    return Step::kDone;
  }
  EC_ASSIGN_OR_RETURN(const bool fenced, fence_.exchange(seen.token, record_.token));
  if (!fenced) EC_TRY(reassert_locked());
  return Step::kDone;
}

Result<Lock::Impl::Step> Lock::Impl::take_over(const storage::Object& found,
                                               const std::optional<std::string>& fence_token) {
  EC_ASSIGN_OR_RETURN(const LockRecord other, parse_lock(where_, found.bytes));
  const auto stale = why_stale(other, options_);
  if (!stale) return std::unexpected(catalog_locked(other, where_.uri(), options_.catalog));
  // From here on the old holder, should it wake up, cannot commit.
  EC_ASSIGN_OR_RETURN(const bool fenced, fence_.exchange(fence_token, record_.token));
  if (!fenced) return Step::kAgain;
  etag_ = found.info.etag;
  EC_ASSIGN_OR_RETURN(const bool won, write());
  if (!won) return Step::kAgain;
  // Another one that saw the same stale lock may have moved the token between our two writes, and lost.
  EC_ASSIGN_OR_RETURN(const auto token, fence_.read());
  if (token != record_.token) EC_TRY(reassert_locked());
  return Step::kDone;
}

std::optional<LockRecord> Lock::Impl::present_holder() {
  auto found = read_lock(where_);
  return found ? *found : std::nullopt;
}

Status Lock::Impl::reassert_locked() {
  if (lost_) return std::unexpected(*lost_);
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    EC_ASSIGN_OR_RETURN(const auto seen, fence_.read());
    if (seen == record_.token) return {};
    use_token(options_.make_token());
    record_.heartbeat = options_.clock();
    EC_ASSIGN_OR_RETURN(const bool still_ours, write());
    if (!still_ours) {
      lost_ = lock_lost(options_, where_.uri(), present_holder());
      return std::unexpected(*lost_);
    }
    EC_ASSIGN_OR_RETURN(const bool fenced, fence_.exchange(seen, record_.token));
    if (fenced) return {};
  }
  return fail(ErrorKind::kConflict, "{}: other processes keep trying to take the lock {} over; stop them and try again",
              options_.catalog, where_.uri());
}

Status Lock::Impl::reassert() {
  const MutexLock guard(writing_);
  return reassert_locked();
}

Status Lock::Impl::beat_locked() {
  if (lost_) return std::unexpected(*lost_);
  record_.heartbeat = options_.clock();
  auto written = write();
  if (!written) {
    failed_beat_ = std::move(written).error().annotate(fmt::format("keeping the lock {}", where_.uri()));
    return std::unexpected(*failed_beat_);
  }
  failed_beat_.reset();
  if (!*written) {
    lost_ = lock_lost(options_, where_.uri(), present_holder());
    return std::unexpected(*lost_);
  }
  last_beat_ = *record_.heartbeat;
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
  if (!held_ || lost_) return {};
  // The lock is removed only while it is the object that this heartbeat wrote. Where a server does not know such a
  // condition, the fresh heartbeat keeps others from taking the lock over in between.
  const auto begin = std::chrono::steady_clock::now();
  EC_TRY(beat_locked());
  if (std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(500 * options_.stale_after_seconds)) {
    return fail(ErrorKind::kUnavailable, "releasing the lock {} took too long: it is left to expire", where_.uri());
  }
  EC_TRY(where_.store->remove_if_match(where_.key, etag_));
  held_ = false;
  return {};
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
Status Lock::beat() { return impl_->beat(); }
Status Lock::check() { return impl_->check(); }
Status Lock::reassert() { return impl_->reassert(); }
Status Lock::release() { return impl_->release(); }

Result<std::optional<LockRecord>> read_lock(const storage::Location& where) {
  EC_ASSIGN_OR_RETURN(const auto found, where.store->get(where.key));
  if (!found) return std::nullopt;
  EC_ASSIGN_OR_RETURN(auto record, parse_lock(where, found->bytes));
  return record;
}

Result<std::optional<LockRecord>> break_lock(const storage::Location& where, Fence& fence) {
  EC_ASSIGN_OR_RETURN(const auto found, where.store->get(where.key));
  if (!found) return std::nullopt;
  bool fenced = false;
  for (int attempt = 0; !fenced && attempt < kMaxAttempts; ++attempt) {
    EC_ASSIGN_OR_RETURN(const auto token, fence.read());
    EC_ASSIGN_OR_RETURN(fenced, fence.exchange(token, random_token()));
  }
  if (!fenced) return fail(ErrorKind::kConflict, "{}: the catalog changes all the time; try again", where.uri());
  EC_TRY(where.store->remove({&where.key, 1}));
  auto record = LockRecord::parse(found->bytes);
  return record ? *record : LockRecord{};
}

}  // namespace earthcatalog::catalog
