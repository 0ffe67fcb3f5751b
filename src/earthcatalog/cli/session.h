// Who runs a command: somebody at a terminal (program.h), or a program that holds the library (call.h).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "earthcatalog/base/event.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/cli/callers_grid.h"
#include "earthcatalog/result.h"

namespace earthcatalog::catalog {
class Lock;
}

namespace earthcatalog::cli {

class Session {
 public:
  virtual ~Session() = default;

  /// Calls `work` with hooks that tell how far it is and that stop it.
  virtual Status watch(const std::function<Status(const Hooks&)>& work) = 0;
  /// Returns what hears of that which stores, locks and commits meet.
  virtual EventFunction listener() = 0;
  /// Takes a sentence that is neither result nor error.
  virtual void note(const std::string& text) = 0;
  /// Returns a message of the library in the reader's words: at a terminal, a setting is a flag.
  virtual std::string words(std::string_view message) const = 0;
  /// Takes the error that the command ended with. Returns what the report is to say of it.
  virtual std::string tell(const Error& error) = 0;
  /// Takes a piece of the command's data, in order. False: nobody takes any more of it.
  virtual bool write(std::string_view data) = 0;
  /// Whether write() shows people what it takes.
  virtual bool at_terminal() const { return false; }
  /// Takes the command's report, one JSON object.
  virtual void report(std::string_view json) = 0;
  /// Whether report() is to be called; `asked`: by --format json.
  virtual bool wants_report(bool asked) const { return asked; }
  /// Returns the lock of the catalog, when the caller holds it already; else null.
  virtual std::shared_ptr<catalog::Lock> held_lock() const { return nullptr; }
  /// Returns the caller's own grid, if it brings one; else null.
  virtual const CallersGrid* grid() const { return nullptr; }
};

}  // namespace earthcatalog::cli
