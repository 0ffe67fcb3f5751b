// Standard output and standard error. What goes to standard output is checked to the end: a full disk is an error, and
// a reader that has gone ends the program quietly. Standard error may fail without any effect.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "earthcatalog/result.h"

namespace earthcatalog::cli {

/// Appends to standard output. After a failure the rest is dropped, and finish_output() says so.
void write_out(std::string_view text);
/// Appends to standard error, as far as that takes it.
void write_err(std::string_view text);

template <class... Args>
void print_out(fmt::format_string<Args...> format, Args&&... args) {
  write_out(fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void print_err(fmt::format_string<Args...> format, Args&&... args) {
  write_err(fmt::format(format, std::forward<Args>(args)...));
}

/// Writes what is buffered for standard output, so that it stands before what standard error says next.
void flush_output();
/// True once standard output took something no more: a command that prints much may end.
bool output_failed();

/// Ends the output: kIOError when standard output did not take all of it. When its reader has gone and `exit_code` is
/// 0, the process ends here, by SIGPIPE.
Status finish_output(int exit_code);

}  // namespace earthcatalog::cli
