// Carries out tries: over HTTP (http_transport.h) or by blocking reads of files and stores (blocking_transport.h).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "earthcatalog/fetch/attempt.h"
#include "earthcatalog/fetch/job.h"
#include "earthcatalog/result.h"

namespace earthcatalog::fetch {

/// `name` below `root`, which ends with a slash or not: ("s3://", "b") gives "s3://b", ("a", "b") gives "a/b".
inline std::string child_uri(std::string_view root, std::string_view name) {
  return fmt::format("{}{}{}", root, root.empty() || root.ends_with('/') ? "" : "/", name);
}

/// Used from one thread. Jobs belong to the run and stay where they are until they have ended or been abandoned.
class Transport {
 public:
  using Sink = std::function<Status(Job&, Attempt&&)>;
  virtual ~Transport() = default;

  /// Makes the bucket reachable. Sends no request.
  virtual Status open(Bucket& bucket) = 0;
  /// The bucket or object as a full URI, for messages.
  virtual std::string uri(const Bucket& bucket, std::string_view key) const = 0;
  /// False while the bodies in flight fill the memory set aside for them: start nothing now.
  virtual bool has_room() const = 0;
  /// Begins a try of `job`.
  virtual Status start(Job& job) = 0;
  /// Works for at most about `wait` if nothing happens, and hands each try that ended to `sink`. An error of `sink`
  /// ends the call.
  virtual Status poll(std::chrono::microseconds wait, const Sink& sink) = 0;
  /// Drops every try in flight.
  virtual void abandon() = 0;
};

}  // namespace earthcatalog::fetch
