// What a person sees of a long command on stderr: one line that is rewritten, or, when stderr is no terminal, a line
// with its time every minute.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/cli/output/log.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cli {

/// "fetch: 12000 of about 43000 items  123/s  about 4:12 left  3 missing": as much as fits into `width` columns. The
/// rate is that of work done by this run; nothing is said of what nobody can tell yet.
std::string progress_text(const Progress& progress, std::size_t width);

/// Where the lines go.
struct ProgressTarget {
  bool terminal = false;
  double every_seconds = 60;           ///< between two lines; of a terminal, between two looks
  std::function<std::size_t()> width;  ///< columns of the terminal
  std::function<void(const std::string&)> write;
  /// Where no terminal is: the line that tells of `progress` at `time`.
  std::function<std::string(const Progress& progress, TimeMicros time)> line_of;
  Clock clock = system_now;
};

/// Standard error, with lines as `log` writes them: no line that is rewritten when they are JSON.
ProgressTarget standard_error(const Log& log);

/// Thread-safe. Tells of time that passes also while show() is not called.
class ProgressLine {
 public:
  explicit ProgressLine(ProgressTarget target);
  ~ProgressLine();  ///< ends the line
  void show(const Progress& progress);
  /// Writes a line that stays, above the progress.
  void write_above(const std::string& line);

 private:
  void tick();
  void draw() EC_REQUIRES(mutex_);

  const ProgressTarget target_;
  Mutex mutex_;
  CondVar ended_;
  bool ending_ EC_GUARDED_BY(mutex_) = false;
  bool shown_ EC_GUARDED_BY(mutex_) = false;
  std::optional<Progress> last_ EC_GUARDED_BY(mutex_);
  Stopwatch since_last_ EC_GUARDED_BY(mutex_), since_drawn_ EC_GUARDED_BY(mutex_);
  std::thread ticker_;  // last: it uses the rest
};

/// Calls `work` with a progress line that ends when it returns, and with the stop of Ctrl-C. What `log` says meanwhile
/// goes above that line.
Status with_progress(Log& log, const std::function<Status(const Hooks&)>& work);

}  // namespace earthcatalog::cli
