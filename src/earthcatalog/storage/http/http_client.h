// One HTTP request at a time on kept-alive connections; many threads may send at once. The only place here that knows
// libcurl. (fetch has an engine of its own for thousands of requests in flight.)
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/storage/http/http_failure.h"
#include "earthcatalog/storage/s3/s3_request.h"

namespace earthcatalog::storage {

class Trust;

struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  /// libcurl may have sent the request twice, the first time on a kept connection that turned out to be dead: it may
  /// have been carried out before this reply's request came.
  bool maybe_sent_twice = false;

  /// Empty when the header is not there.
  std::string_view header(std::string_view name) const;
};

/// Limits the requests on their way at once, of all clients that share it. Thread-safe.
class RequestSlots : public std::counting_semaphore<> {
 public:
  using std::counting_semaphore<>::counting_semaphore;
};

struct HttpLimits {
  double connect_seconds = 10;
  double stall_seconds = 30;                 ///< a transfer slower than 1 KiB/s for so long is given up
  std::shared_ptr<RequestSlots> slots = {};  ///< none: as many as there are threads that send
  std::shared_ptr<Trust> trust = {};         ///< none: the certificates that libcurl takes by itself
};

class HttpClient {
 public:
  explicit HttpClient(HttpLimits limits);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Redirects are not followed. `body` is sent with PUT and POST.
  std::expected<HttpReply, HttpFailure> send(const HttpRequest& request, std::string_view body);

 private:
  class Handle;
  std::unique_ptr<Handle> borrow();
  void give_back(std::unique_ptr<Handle> handle);

  const HttpLimits limits_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_ EC_GUARDED_BY(mutex_);  // each keeps its connection
};

/// "Fri, 24 May 2013 00:00:00 GMT" and the other spellings of HTTP dates.
std::optional<TimeMicros> parse_http_date(std::string_view text);

/// Seconds from a Retry-After header, which holds seconds or a date.
std::optional<double> retry_after_seconds(std::string_view text, TimeMicros now);

}  // namespace earthcatalog::storage
