// Which process on which machine: what a lock says of its owner, and what decides whether that owner still lives.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace earthcatalog::catalog {

struct HostIdentity {
  std::string hostname;
  std::string boot_id;        ///< another one after each start of the machine
  std::string pid_namespace;  ///< process ids mean the same only within one; empty: not known
  std::int64_t pid = 0;
  std::int64_t process_start_time = 0;  ///< clock ticks after boot: tells a process from a later one of the same pid

  /// Whether this machine has a process `pid` that started at `start_time` (0: not known, any will do). Injected, so
  /// that tests can let processes die.
  std::function<bool(std::int64_t pid, std::int64_t start_time)> process_lives;
};

/// This process, from /proc. Where /proc lacks something the member stays empty, and locks fall back on heartbeats.
HostIdentity this_host();

}  // namespace earthcatalog::catalog
