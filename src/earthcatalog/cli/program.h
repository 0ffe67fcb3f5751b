// The command line as a function: of the program `earthcatalog`, and of a process that holds it as a library.
#pragma once

namespace earthcatalog::cli {

/// Parses the arguments and runs the command that they name. Data go to stdout, all else to stderr. Returns the exit
/// code. Signals, and the end of what the process has once, are left to the caller (runtime.h).
int run_program(int argc, const char* const* argv);

}  // namespace earthcatalog::cli
