// What the tests of the lock share: a clock that they move, a fence in memory, made-up hosts.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "earthcatalog/catalog/lock/fence.h"
#include "earthcatalog/catalog/lock/lock.h"
#include "earthcatalog/storage/memory_store.h"

namespace earthcatalog::catalog {

inline std::atomic<TimeMicros> test_time{0};
inline TimeMicros test_clock() { return test_time; }
inline constexpr TimeMicros kTestStart = 1'600'000'000 * kMicrosPerSecond;
inline void pass_seconds(std::int64_t seconds) { test_time += seconds * kMicrosPerSecond; }

class MemoryFence final : public Fence {
 public:
  explicit MemoryFence(bool exists = true) : exists_(exists) {}
  Result<std::optional<std::string>> read() override {
    const std::lock_guard guard(mutex_);
    return token_;
  }
  Result<bool> exists() override {
    const std::lock_guard guard(mutex_);
    return exists_;
  }
  Result<bool> exchange(const std::optional<std::string>& expected, const std::string& token) override {
    const std::lock_guard guard(mutex_);
    if (token_ != expected) return false;
    exists_ = true;
    token_ = token;
    return true;
  }

 private:
  std::mutex mutex_;
  bool exists_;
  std::optional<std::string> token_;
};

/// Processes that live, of all made-up hosts.
inline std::set<std::int64_t> living;

inline HostIdentity made_up_host(std::string name, std::int64_t pid) {
  living.insert(pid);
  HostIdentity host;
  host.hostname = name;
  host.boot_id = "boot of " + name;
  host.pid_namespace = "pid:[1]";
  host.pid = pid;
  host.process_start_time = 7;
  host.process_lives = [](std::int64_t process, std::int64_t) { return living.contains(process); };
  return host;
}

inline LockOptions options_of(HostIdentity host, std::string run_id) {
  LockOptions options;
  options.catalog = "memory://t/catalog.db";
  options.owner = "incremental";
  options.run_id = std::move(run_id);
  options.host = std::move(host);
  options.clock = test_clock;
  options.heartbeat_seconds = 0;
  return options;
}

/// What a commit does with the lock: true when it may happen. The token is written as commits do.
inline bool commit_admitted(Lock& lock, Fence& fence) {
  const auto token = fence.read();
  if (!token || !lock.admits(*token)) return false;
  if (!*token) return fence.exchange(std::nullopt, lock.token()).value_or(false);
  return true;
}

}  // namespace earthcatalog::catalog
