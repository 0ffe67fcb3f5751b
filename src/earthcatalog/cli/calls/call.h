// The commands as functions of JSON: for a program that holds the library, such as Python.
//
//     const Answer answer = call("compact", R"({"catalog": "c.db", "dry_run": true})", {.storage = R"({"region":
//     "us-west-2"})"}); if (answer.error) ...
//
// A member of a spec is an option of the command, with underscores: `dry_run` is --dry-run. Null and "" leave an option
// at its default, a list gives it several times. A command that prints data, such as `search`, takes `format` too and
// hands the data to `data`. Neither the environment nor a file completes a spec; what AWS's tools
// read of them (docs/guide/storage.md) holds here too.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/progress.h"
#include "earthcatalog/cli/callers_grid.h"
#include "earthcatalog/result.h"

namespace earthcatalog::catalog {
class Lock;
}

namespace earthcatalog::cli {

struct CallOptions {
  std::string storage;  ///< how buckets are reached: the section `storage` of the configuration file, as JSON
  Hooks hooks;
  std::function<void(const std::string&)> note = {};  ///< takes what is neither result nor error
  std::function<bool(std::string_view)> data = {};    ///< takes what the command prints besides; false: no more
  std::shared_ptr<catalog::Lock> lock = {};           ///< of the catalog, when the caller holds it already
  std::shared_ptr<const CallersGrid> grid = {};       ///< in place of one that the spec names
};

struct Answer {
  std::string report;          ///< one JSON object, as --format json prints it; empty: there was nothing to tell
  std::optional<Error> error;  ///< kCancelled: `hooks.stop` was set
};

/// Runs the call `name`; prints nothing. Messages name settings in backquotes. kInvalidArgument: no such call or
/// member, with the nearest name; a value that the option does not take. Otherwise the errors of the command. Safe to
/// call from many threads at once.
Answer call(std::string_view name, std::string_view spec, const CallOptions& options);

/// Returns "incremental", "index_build", "phase:write_chunks" …, sorted.
std::vector<std::string> call_names();

}  // namespace earthcatalog::cli
