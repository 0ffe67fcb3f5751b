#include "earthcatalog/cli/runtime.h"

#include <signal.h>
#include <unistd.h>

#include "earthcatalog/cli/command.h"

namespace earthcatalog::cli {
namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch it");

extern "C" void on_signal(int) {
  if (stop.exchange(true)) _exit(kExitInterrupted);
}

}  // namespace

Runtime::Runtime() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a peer that closes its socket is an error of that request, not the end of the run
}

Runtime::~Runtime() = default;

const std::atomic<bool>& stop_requested() { return stop; }

}  // namespace earthcatalog::cli
