#include "earthcatalog/cli/run_id.h"

#include <fmt/format.h>

#include <random>

#include "earthcatalog/base/time.h"

namespace earthcatalog::cli {

std::string make_run_id() {
  std::random_device random;
  const auto seconds = static_cast<std::uint32_t>(system_now() / kMicrosPerSecond);
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", seconds, random(), random(), random());
}

}  // namespace earthcatalog::cli
