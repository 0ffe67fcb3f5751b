#include "earthcatalog/base/process.h"

#include <cstdlib>
#include <fstream>
#include <string>

namespace earthcatalog {

std::int64_t peak_rss_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoll(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

}  // namespace earthcatalog
