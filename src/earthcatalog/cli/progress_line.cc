#include "earthcatalog/cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iterator>
#include <string_view>

#include "earthcatalog/cli/flag_words.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/cli/runtime.h"

namespace earthcatalog::cli {
namespace {

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(seconds);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

std::string progress_text(const pipeline::Progress& progress) {
  std::string text;
  auto out = std::back_inserter(text);
  const double rate = progress.seconds > 0 ? static_cast<double>(progress.settled) / progress.seconds : 0;
  fmt::format_to(out, "{}: {}", progress.stage, progress.settled);
  const std::string_view about = progress.total_is_estimate ? "about " : "";
  if (progress.total >= 0) fmt::format_to(out, " of {}{}", about, progress.total);
  fmt::format_to(out, " {}  {:.0f}/s", progress.unit, rate);
  if (progress.total > progress.settled && rate > 0) {
    const auto seconds = static_cast<double>(progress.total - progress.settled) / rate;
    fmt::format_to(out, "  {}{} left", about, clock_text(seconds));
  }
  fmt::format_to(out, "  {} committed", progress.committed);
  const auto count = [&](std::int64_t n, const char* name) {
    if (n > 0) fmt::format_to(out, "  {} {}", n, name);
  };
  count(progress.unchanged, "unchanged");
  count(progress.missing, "missing");
  count(progress.pending, "pending");
  count(progress.rejected, "rejected");
  fmt::format_to(out, "  {:.0f} MiB held", static_cast<double>(progress.held_bytes) / (1 << 20));
  return text;
}

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (shown_) print_err("\n");
}

void ProgressLine::show(const pipeline::Progress& progress) {
  if (!terminal_) return;
  print_err("\r\x1b[K{}", progress_text(progress));
  shown_ = true;
}

void ProgressLine::warn(const std::string& text) {
  print_err("{}earthcatalog: warning: {}\n", shown_ ? "\r\x1b[K" : "", in_flags(text));
  shown_ = false;
}

Status with_progress(const std::function<Status(const pipeline::Hooks&)>& work) {
  ProgressLine line;
  return work({.progress = [&](const pipeline::Progress& progress) { line.show(progress); },
               .stop = &stop_requested(),
               .warn = [&](const std::string& text) { line.warn(text); }});
}

}  // namespace earthcatalog::cli
