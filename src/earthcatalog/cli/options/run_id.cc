#include "earthcatalog/cli/options/run_id.h"

#include <fmt/format.h>

#include <random>

namespace earthcatalog::cli {

std::string make_run_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

}  // namespace earthcatalog::cli
