// What a run tells of itself when it ends: on stdout for people or machines, and in a file.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/cli/options/flag_words.h"
#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/cli/options/table_options.h"
#include "earthcatalog/cli/session.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::cli {

/// The report of one run: the members of its command's own report, and those that tell how the run went: command,
/// version, status (ok, failed, interrupted), error, exit_code, started, ended, seconds, catalog, warehouse, inventory.
/// A failed run has one too, with what there was to tell by then. Not thread-safe.
///
///     report_.add(*app_);                          // --format and --report
///     EC_TRY(report_.begin(access, inventory));    // before anything is done
///     report_.print(counts);                       // by to_json() and to_text() of its type
class RunReport {
 public:
  /// Declares --format and --report under the heading `group`.
  void add(CLI::App& app, const std::string& group = "Options");
  /// Declares --format alone: of a command that only tells something.
  void add_format(CLI::App& app) { format_.add(app); }
  bool json() const { return format_.json(); }

  /// Says what the run works on; an empty place becomes null. An error when --report could not be written at the end;
  /// nothing is left of the try.
  Status begin(const TableAccess& access, std::string_view inventory = {});
  Status begin(const storage::StorageSettings& storage, std::string_view inventory = {});

  /// Another inventory than begin() named: the one that it stands for.
  void set_inventory(std::string_view inventory);

  /// Takes the command's own report, a JSON object; the last one counts.
  void record_json(std::string json) { own_ = std::move(json); }
  template <class Report>
  void record(const Report& report) {
    record_json(to_json(report));
  }
  /// Writes the summary for people to stdout, unless --format json was given: of a report that is recorded.
  template <class Report>
  void tell(const Report& report) const {
    if (!json()) print_text(in_flags(to_text(report)));
  }
  /// record() and tell().
  template <class Report>
  void print(const Report& report) {
    record(report);
    tell(report);
  }
  static void print_text(std::string_view text);

  /// How the run of a command ended.
  struct Outcome {
    std::string command;
    int exit_code = 0;
    std::string error;  ///< empty: none
  };
  /// Hands the report to `session` and writes it into the file, as it was asked for. Returns the exit code of the
  /// process, which is that of `outcome` unless the report cannot be written.
  int finish(const Outcome& outcome, Session& session) const;

 private:
  std::string compose(const Outcome& outcome) const;

  FormatFlag format_;
  std::string file_;
  bool can_be_written_ = true;
  storage::StorageSettings storage_;
  std::string catalog_, warehouse_, inventory_, own_;
  TimeMicros started_ = system_now();
  Stopwatch time_;
};

/// The exit code that an error means.
int exit_code_of(const Error& error);

}  // namespace earthcatalog::cli
