#include "earthcatalog/cli/output/log.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "earthcatalog/cli/options/flag_words.h"
#include "earthcatalog/cli/output/output.h"
#include "earthcatalog/cli/output/progress_line.h"

namespace earthcatalog::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kWidthOfALine = 200;

std::string seconds_text(TimeMicros time) { return format_time(time / kMicrosPerSecond * kMicrosPerSecond); }

Json head(TimeMicros time, const char* level, std::string_view name, std::string_view message) {
  return {{"time", format_time(time)}, {"level", level}, {"event", name}, {"message", message}};
}

// File names and servers' messages may be no UTF-8.
std::string line_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

const char* name_of(Event::Level level) { return level == Event::Level::kWarning ? "warning" : "info"; }

}  // namespace

void Log::add(CLI::App& app) {
  app.add_flag("-v,--verbose", verbose_, "say on stderr what the run meets: retries, redirects, locks, lost races");
  app.add_option("--log-format", format_, "how lines on stderr are written: text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

EventFunction Log::listener() {
  return [this](const Event& event) {
    if (verbose_ || event.level == Event::Level::kWarning) hear(event);
  };
}

void Log::hear(const Event& event) {
  const auto message = in_flags(event.message);
  if (!json()) {
    if (event.level == Event::Level::kWarning) return warn(message);
    return write_line(fmt::format("{} {}: {}\n", seconds_text(system_now()), event.name, message));
  }
  Json line = head(system_now(), name_of(event.level), event.name, message);
  for (const auto& [name, value] : event.fields) {
    std::visit([&](const auto& field) { line[std::string(name)] = field; }, value);
  }
  write_line(line_of(line));
}

void Log::write(Event::Level level, std::string_view name, std::string_view text) {
  if (json()) return write_line(line_of(head(system_now(), name_of(level), name, text)));
  write_line(fmt::format("earthcatalog: {}{}\n", level == Event::Level::kWarning ? "warning: " : "", text));
}

void Log::error(std::string_view text) {
  write_line(json() ? line_of(head(system_now(), "error", "error", text)) : fmt::format("earthcatalog: {}\n", text));
}

void Log::go_above(ProgressLine* line) {
  const MutexLock lock(mutex_);
  line_ = line;
}

void Log::write_line(const std::string& line) {
  const MutexLock lock(mutex_);
  line_ != nullptr ? line_->write_above(line) : write_err(line);
}

std::string Log::progress_line(const Progress& progress, TimeMicros time) const {
  const auto text = progress_text(progress, kWidthOfALine);
  if (!json()) return fmt::format("{} {}\n", seconds_text(time), text);
  Json line = head(time, "info", "progress", text);
  line.update({{"stage", progress.stage},
               {"unit", progress.unit},
               {"settled", progress.settled},
               {"total", progress.total >= 0 ? Json(progress.total) : Json()},
               {"total_is_estimate", progress.total_is_estimate},
               {"seconds", progress.seconds},
               {"unchanged", progress.unchanged},
               {"before", progress.before},
               {"committed", progress.committed},
               {"missing", progress.missing},
               {"pending", progress.pending},
               {"rejected", progress.rejected}});
  return line_of(line);
}

}  // namespace earthcatalog::cli
