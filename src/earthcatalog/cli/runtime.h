// What a process needs once: signals, locale, libraries that want to be started and ended.
#pragma once

#include <atomic>

namespace earthcatalog::cli {

/// Lives as long as main(). Ctrl-C (SIGINT), SIGTERM and SIGHUP set stop_requested() when the command watches it, and
/// end the process with code 130 otherwise. A second Ctrl-C or SIGTERM ends it at once.
class Runtime {
 public:
  Runtime();
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
};

/// Set by the first signal. Whoever asks for it promises to watch it. A global: a signal handler can reach nothing
/// else.
const std::atomic<bool>& stop_requested();

}  // namespace earthcatalog::cli
