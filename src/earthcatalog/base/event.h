// What a job meets on its way and does about it: retries, redirects, a lock taken over, lost races. For logs.
//
//   storage::Stores stores({.event = [](const Event& event) { puts(event.message.c_str()); }});
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace earthcatalog {

struct Event {
  enum class Level : std::uint8_t { kInfo, kWarning };
  using Value = std::variant<std::int64_t, double, std::string>;

  Level level = Level::kInfo;
  std::string_view name;  ///< for programs: "retry"; a literal, as the names of `fields` are
  std::string message;    ///< for people: one line
  std::vector<std::pair<std::string_view, Value>> fields;
};

/// Called at once, on any thread, on several at the same time, and maybe under a lock of the caller's: it must not use
/// the stores that tell it. Empty: nobody listens. docs/guide/log.md lists the events.
using EventFunction = std::function<void(const Event&)>;

}  // namespace earthcatalog
