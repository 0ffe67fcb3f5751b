// The object that a lock is: who wrote it last by a conditional write holds the lock.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/catalog/lock/lock.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::catalog {

/// Attempts at a step that another process keeps undoing; each failure means that somebody else made progress.
inline constexpr int kMostLockAttempts = 20;

/// The lock object as one process writes it. After an error of a write it is open whether that happened; the next one
/// finds out. Not thread-safe.
class LockObject {
 public:
  explicit LockObject(storage::Location where) : where_(std::move(where)) {}

  /// What was written last, or is written next.
  const LockRecord& record() const { return record_; }
  void set_record(LockRecord record) { record_ = std::move(record); }
  void set_heartbeat(TimeMicros now) { record_.heartbeat = now; }
  /// Gives the record a token, by which the object is known as ours from then on.
  void set_token(std::string token);

  /// Writes the record where no object is. False: there is another's.
  Result<bool> create();
  /// Writes the record in place of the object that has `etag`, as somebody else left it. False: it has changed.
  Result<bool> take_over(std::string etag);
  /// Writes the record in place of what we wrote last. False: the object is no longer ours.
  Result<bool> write();
  /// Removes the object, if it is what we wrote last.
  Status remove();
  /// Returns true from the first write that happened until the removal.
  bool held() const { return held_; }

 private:
  enum class Found : std::uint8_t { kOther, kOurs, kDesired };
  Result<Found> look(const std::string& desired);

  storage::Location where_;
  LockRecord record_;
  std::string etag_;
  std::vector<std::string> used_tokens_;
  bool held_ = false;
};

/// kInvalidData, with the remedy, when `bytes` are no lock.
Result<LockRecord> parse_lock(const storage::Location& where, std::string_view bytes);

}  // namespace earthcatalog::catalog
