// Any bytes as a configuration file: an answer or an error with a line, never a crash.
#include <cstdint>
#include <string>

#include "earthcatalog/cli/options.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config =
      earthcatalog::cli::parse_config(std::string(reinterpret_cast<const char*>(data), size), "fuzz.yaml");
  if (!config && config.error().message.empty()) __builtin_trap();
  return 0;
}
