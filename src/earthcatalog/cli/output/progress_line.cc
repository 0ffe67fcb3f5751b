#include "earthcatalog/cli/output/progress_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "earthcatalog/cli/options/flag_words.h"
#include "earthcatalog/cli/output/output.h"
#include "earthcatalog/cli/runtime.h"

namespace earthcatalog::cli {
namespace {

constexpr double kLookEverySeconds = 0.5;
constexpr double kLeastSecondsForARate = 1;
constexpr std::size_t kWidthOfUnknownTerminal = 80;

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(seconds);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

// In the order of what one wants to know most.
std::vector<std::string> parts_of(const Progress& progress) {
  std::vector<std::string> parts;
  const std::string_view about = progress.total_is_estimate ? "about " : "";
  const bool counts = progress.settled > 0 || progress.total > 0;
  parts.push_back(counts ? fmt::format("{}: {}", progress.stage, progress.settled) : std::string(progress.stage));
  if (counts && progress.total >= 0) parts.back() += fmt::format(" of {}{}", about, progress.total);
  if (counts) parts.back() += fmt::format(" {}", progress.unit);
  const auto here = static_cast<double>(progress.settled - progress.before);
  const auto worked = here - static_cast<double>(progress.unchanged);
  if (progress.seconds >= kLeastSecondsForARate && worked > 0) {
    parts.push_back(fmt::format("{:.{}f}/s", worked / progress.seconds, worked < 10 * progress.seconds ? 1 : 0));
  }
  if (progress.seconds >= kLeastSecondsForARate && here > 0 && progress.total > progress.settled) {
    const auto left = static_cast<double>(progress.total - progress.settled) * progress.seconds / here;
    parts.push_back(fmt::format("{}{} left", about, clock_text(left)));
  } else {
    parts.push_back(clock_text(progress.seconds));
  }
  const auto count = [&](std::int64_t n, const char* name) {
    if (n > 0) parts.push_back(fmt::format("{} {}", n, name));
  };
  count(progress.committed, "committed");
  count(progress.missing, "missing");
  count(progress.pending, "pending");
  count(progress.rejected, "rejected");
  count(progress.unchanged, "unchanged");
  count(progress.before, "done before");
  count(progress.held_bytes >> 20, "MiB held");
  if (const auto& waiting = progress.waiting) {
    parts.push_back(fmt::format("{} wait: {}: {} (try {}, next in {:.0f} s)", waiting->objects, waiting->where,
                                waiting->reason, waiting->tries, waiting->seconds));
  }
  return parts;
}

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kWidthOfUnknownTerminal;
}

}  // namespace

std::string progress_text(const Progress& progress, std::size_t width) {
  constexpr std::string_view kBetween = "  ";
  std::string text;
  for (const auto& part : parts_of(progress)) {
    if (text.empty()) {
      text = part.substr(0, width);
    } else if (text.size() + kBetween.size() + part.size() <= width) {
      text.append(kBetween).append(part);
    }
  }
  return text;
}

ProgressTarget standard_error(const Log& log) {
  const bool terminal = isatty(STDERR_FILENO) == 1 && !log.json();
  return {.terminal = terminal,
          .every_seconds = terminal ? kLookEverySeconds : 60,
          .width = terminal_width,
          .write = [](const std::string& text) { write_err(text); },
          .line_of = [&log](const Progress& progress, TimeMicros time) { return log.progress_line(progress, time); }};
}

ProgressLine::ProgressLine(ProgressTarget target) : target_(std::move(target)), ticker_([this] { tick(); }) {}

ProgressLine::~ProgressLine() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  ticker_.join();
  if (shown_ && target_.terminal) target_.write("\n");
}

void ProgressLine::show(const Progress& progress) {
  const MutexLock lock(mutex_);
  const bool new_stage = !last_ || std::string_view(last_->stage) != progress.stage;
  last_ = progress;
  since_last_ = {};
  if (target_.terminal && (new_stage || since_drawn_.seconds() >= target_.every_seconds)) draw();
}

void ProgressLine::tick() {
  MutexLock lock(mutex_);
  using std::chrono::steady_clock;
  const auto every =
      std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double>(target_.every_seconds));
  while (!ending_) {
    const auto next = steady_clock::now() + every;
    while (!ending_ && ended_.wait_until(mutex_, next)) {
    }
    if (!ending_ && last_) draw();
  }
}

void ProgressLine::draw() {
  Progress progress = *last_;
  progress.seconds += since_last_.seconds();
  since_drawn_ = {};
  shown_ = true;
  if (target_.terminal) {
    // One column less: some terminals begin a new line after the last.
    const auto width = target_.width();
    target_.write("\r\x1b[K" + progress_text(progress, width > 1 ? width - 1 : width));
  } else {
    target_.write(target_.line_of(progress, target_.clock()));
  }
}

void ProgressLine::write_above(const std::string& line) {
  const MutexLock lock(mutex_);
  target_.write((shown_ && target_.terminal ? "\r\x1b[K" : "") + line);
  shown_ = false;
}

Status with_progress(Log& log, const std::function<Status(const Hooks&)>& work) {
  ProgressLine line(standard_error(log));
  log.go_above(&line);
  auto status = work({.progress = [&](const Progress& progress) { line.show(progress); },
                      .stop = &stop_requested(),
                      .warn = [&](const std::string& text) { log.warn(in_flags(text)); }});
  log.go_above(nullptr);
  return status;
}

}  // namespace earthcatalog::cli
