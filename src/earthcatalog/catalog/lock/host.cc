#include "earthcatalog/catalog/lock/host.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

#include "earthcatalog/result.h"

namespace earthcatalog::catalog {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

struct ProcessStat {
  char state = '?';
  std::int64_t start_time = 0;
};

// /proc/<pid>/stat: "pid (name) state ppid …", the name may hold blanks and brackets; the start time is field 22.
std::optional<ProcessStat> process_stat(const std::string& pid) {
  const std::string line = first_line("/proc/" + pid + "/stat");
  const auto bracket = line.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(bracket + 1));
  ProcessStat stat;
  fields >> stat.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> stat.start_time;
  if (!fields) return std::nullopt;
  return stat;
}

bool process_lives(std::int64_t pid, std::int64_t start_time) {
  if (pid <= 0) return false;
  if (const auto stat = process_stat(std::to_string(pid))) {
    if (stat->state == 'Z' || stat->state == 'X') return false;
    return start_time == 0 || stat->start_time == start_time;
  }
  return kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM;
}

}  // namespace

HostIdentity this_host() {
  HostIdentity host;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) host.hostname = name.data();
  host.boot_id = first_line("/proc/sys/kernel/random/boot_id");
  std::array<char, 64> space{};
  if (readlink("/proc/self/ns/pid", space.data(), space.size() - 1) > 0) host.pid_namespace = space.data();
  host.pid = getpid();
  if (const auto stat = process_stat("self")) host.process_start_time = stat->start_time;
  host.process_lives = process_lives;
  return host;
}

}  // namespace earthcatalog::catalog
