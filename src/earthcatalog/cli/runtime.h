// What a process needs once: signals, locale, libraries that want to be started and ended.
#pragma once

#include <atomic>

namespace earthcatalog::cli {

/// Lives as long as main(). Ctrl-C (SIGINT) and SIGTERM set stop_requested(); a second one ends the process at once
/// with code 130.
class Runtime {
 public:
  Runtime();
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
};

/// Set by the first Ctrl-C. The only global of the program: a signal handler can reach nothing else.
const std::atomic<bool>& stop_requested();

}  // namespace earthcatalog::cli
