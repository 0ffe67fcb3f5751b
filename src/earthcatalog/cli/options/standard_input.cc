#include "earthcatalog/cli/options/standard_input.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

namespace earthcatalog::cli {
namespace {

std::unexpected<Error> failed(const char* what) {
  return fail(ErrorKind::kIOError, "--inventory -: {}: {}", what, std::strerror(errno));
}

Status write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("writing it to /var/tmp");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status copy_standard_input(int file) {
  std::vector<char> buffer(1 << 20);
  for (;;) {
    const auto size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed("reading standard input");
    if (size == 0) return {};
    EC_TRY(write_all(file, {buffer.data(), static_cast<std::size_t>(size)}));
  }
}

}  // namespace

Result<std::string> inventory_path(const std::string& inventory) {
  if (inventory != "-") return inventory;
  if (isatty(STDIN_FILENO) == 1) {
    return fail(ErrorKind::kInvalidArgument, "--inventory -: standard input is a terminal; pipe an inventory into it");
  }
  char name[] = "/var/tmp/earthcatalog-XXXXXX";
  const int file = mkostemp(name, O_CLOEXEC);
  if (file < 0) return failed("making a file in /var/tmp");
  unlink(name);
  EC_TRY(copy_standard_input(file));
  return fmt::format("/proc/self/fd/{}", file);
}

}  // namespace earthcatalog::cli
