// One line on stderr that is rewritten while a run goes on. Quiet when stderr is no terminal.
#pragma once

#include <functional>
#include <string>

#include "earthcatalog/pipeline/incremental.h"
#include "earthcatalog/result.h"

namespace earthcatalog::cli {

/// "12000 of about 43000 items  1234/s  about 0:25 left  3 missing  1 pending": rate over the whole run; "about" until
/// the total is known, neither total nor time left when nobody can tell.
std::string progress_text(const pipeline::Progress& progress);

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();  ///< ends the line
  void show(const pipeline::Progress& progress);
  /// A line that stays, above the progress.
  void warn(const std::string& text);

 private:
  bool terminal_;
  bool shown_ = false;
};

/// Calls `work` with a progress line that ends when it returns, and with the stop of Ctrl-C.
Status with_progress(const std::function<Status(const pipeline::Hooks&)>& work);

}  // namespace earthcatalog::cli
