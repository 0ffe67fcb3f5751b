// An HTTP server on 127.0.0.1 that does what a script says: the faults that no real server shows on demand.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace earthcatalog::testing_support {

struct ScriptRequest {
  std::string method;
  std::string path;                            ///< and query, as sent, percent-encoded
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  int nth = 1;         ///< how often this path was asked for, this time included
  int connection = 0;  ///< counts from 1
  bool is_signed() const { return headers.contains("authorization"); }
};

struct ScriptReply {
  int status = 200;
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::optional<std::int64_t> announced = {};        ///< Content-Length, when it is not the body's
  std::optional<std::size_t> cut_header_after = {};  ///< bytes of the header, then the connection closes
  std::optional<std::size_t> cut_after = {};         ///< bytes of the body, then the connection closes
  int repeat = 1;                                    ///< the body is sent so often; its length is announced accordingly
  bool reset = false;                                ///< the connection is reset instead of an answer
  bool close = false;                                ///< the connection closes after the answer, without saying so
  bool chunked = false;
  bool endless = false;                              ///< the body is sent again and again, chunked
  std::chrono::milliseconds delay{0};                ///< before the answer
  std::chrono::milliseconds pause_between_bytes{0};  ///< drip
};

class ScriptServer {
 public:
  using Script = std::function<ScriptReply(const ScriptRequest&)>;
  /// `script` is called by one thread at a time.
  explicit ScriptServer(Script script);
  ~ScriptServer();

  std::string endpoint() const;
  int requests() const;
  int requests(const std::string& path) const;
  int connections() const;
  int most_at_once() const;  ///< requests that were being answered at the same time
  std::uint64_t bytes_sent() const;

 private:
  void accept_all();
  void serve(int fd, int connection);
  bool answer(int fd, const ScriptReply& reply);
  bool send_repeated(int fd, const ScriptReply& reply);
  bool send_all(int fd, std::string_view bytes);
  void forget(int fd);

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, int> seen_;
  std::vector<int> open_;
  int requests_ = 0, connections_ = 0, at_once_ = 0, most_at_once_ = 0;
  std::uint64_t bytes_sent_ = 0;
  bool stopping_ = false;
  std::condition_variable stop_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// The body of an S3 error.
std::string s3_error_body(const std::string& code, const std::string& message = "said so",
                          const std::string& more = "");

}  // namespace earthcatalog::testing_support
