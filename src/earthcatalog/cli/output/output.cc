#include "earthcatalog/cli/output/output.h"

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace earthcatalog::cli {
namespace {

int first_error = 0;  // as stdout, one for the process

void note(bool written) {
  if (!written && first_error == 0) first_error = errno != 0 ? errno : EIO;
}

}  // namespace

void write_out(std::string_view text) {
  if (output_failed()) return;
  errno = 0;
  note(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void write_err(std::string_view text) {
  // Nobody is left to tell when this fails.
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
  (void)std::fflush(stderr);
}

void flush_output() {
  if (output_failed()) return;
  errno = 0;
  note(std::fflush(stdout) == 0);
}

bool output_failed() { return first_error != 0; }

Status finish_output(int exit_code) {
  flush_output();
  if (!output_failed()) return {};
  if (first_error == EPIPE && exit_code == 0) {
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
  }
  if (first_error == EPIPE) return {};
  return fail(ErrorKind::kIOError, "standard output: {}: what was to be printed is incomplete",
              std::strerror(first_error));
}

}  // namespace earthcatalog::cli
