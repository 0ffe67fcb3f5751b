// One line on stderr that is rewritten while a run goes on. Quiet when stderr is no terminal.
#pragma once

#include <chrono>
#include <string>

#include "earthcatalog/pipeline/incremental.h"

namespace earthcatalog::cli {

/// "12,000 of 43,000 items  1,234/s  0:25 left  3 missing  1 pending": rate over the whole run.
std::string progress_text(const pipeline::Progress& progress);

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();  ///< ends the line
  void show(const pipeline::Progress& progress);

 private:
  bool terminal_;
  bool shown_ = false;
};

}  // namespace earthcatalog::cli
