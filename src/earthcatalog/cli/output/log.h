// What the program says on standard error while it works: lines of text or, with --log-format json, of JSON.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "earthcatalog/base/event.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/base/time.h"

namespace earthcatalog::cli {

class ProgressLine;

/// One for the process, which outlives all that it listens to. Thread-safe once the command line is parsed.
class Log {
 public:
  /// Declares -v and --log-format.
  void add(CLI::App& app);
  bool json() const { return format_ == "json"; }

  /// Writes warnings, and with -v all events.
  EventFunction listener();
  void note(std::string_view text) { write(Event::Level::kInfo, "note", text); }
  void warn(std::string_view text) { write(Event::Level::kWarning, "warning", text); }
  void error(std::string_view text);

  /// While `line` is set, lines go above it; null: there is none.
  void go_above(ProgressLine* line);

  /// A line that tells of `progress` at `time`.
  std::string progress_line(const Progress& progress, TimeMicros time) const;

 private:
  void hear(const Event& event);
  void write(Event::Level level, std::string_view name, std::string_view text);
  void write_line(const std::string& line);

  bool verbose_ = false;
  std::string format_ = "text";
  Mutex mutex_;
  ProgressLine* line_ EC_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace earthcatalog::cli
