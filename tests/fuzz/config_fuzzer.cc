// Any bytes as a configuration file: an answer or an error with a line, never a crash.
#include <cstdint>
#include <string>

#include "earthcatalog/config/config_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const earthcatalog::config::OptionNames kOptions = {{"incremental", {"catalog", "problems", "workers"}},
                                                             {"delta", {"catalog", "problems"}}};
  const auto config =
      earthcatalog::config::parse_config(std::string(reinterpret_cast<const char*>(data), size), "fuzz.yaml", kOptions);
  if (!config && config.error().message.empty()) __builtin_trap();
  return 0;
}
