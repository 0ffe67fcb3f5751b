#include "earthcatalog/cli/runtime.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "earthcatalog/cli/command.h"

namespace earthcatalog::cli {
namespace {

std::atomic<bool> stop{false};
std::atomic<bool> watched{false};  // somebody looks at `stop`
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch it");

extern "C" void on_signal(int number) {
  const bool again = stop.exchange(true);
  if (!watched) _exit(kExitInterrupted);
  // A terminal that closes sends SIGHUP from the kernel and from the shell.
  if (again && number != SIGHUP) _exit(kExitInterrupted);
}

// A file that is opened while a standard stream is closed would take its number, and with it what is printed.
void occupy_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) != -1) continue;
    // The lowest free number, `stream`, is taken. Nothing can be written to it, as nothing could before.
    if (open("/dev/null", O_RDONLY) != stream) return;
  }
}

void handle(int number) {
  struct sigaction before{};
  sigaction(number, nullptr, &before);
  if (number == SIGHUP && before.sa_handler == SIG_IGN) return;  // as nohup wants it
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(number, &action, nullptr);
}

}  // namespace

Runtime::Runtime() {
  occupy_standard_streams();
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) handle(number);
  signal(SIGPIPE, SIG_IGN);  // a peer that closes its socket is an error of that request, not the end of the run
}

Runtime::~Runtime() = default;

const std::atomic<bool>& stop_requested() {
  watched = true;
  return stop;
}

}  // namespace earthcatalog::cli
