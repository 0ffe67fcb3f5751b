// An HTTP server on 127.0.0.1 that answers as a test says: wrong, late, half, or not at all.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace earthcatalog::testing_support {

struct ScriptedRequest {
  std::string method;
  std::string target;                          ///< path and query, as sent
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

struct ScriptedReply {
  int status = 200;
  std::vector<std::string> headers = {};  ///< "Name: value"; Content-Length is added
  std::string body = {};
  double delay_seconds = 0;        ///< before the reply
  bool hang_up = false;            ///< close the connection instead of replying
  std::size_t truncate_bytes = 0;  ///< announce the whole body, send so many bytes fewer, and hang up
};

/// One thread a connection; the handler is called by many threads.
class ScriptedServer {
 public:
  using Handler = std::function<ScriptedReply(const ScriptedRequest&)>;
  explicit ScriptedServer(Handler handler);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string endpoint() const;
  int requests() const { return requests_; }
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int fd);

  const Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> requests_ = 0, connections_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;
  std::vector<std::thread> workers_;
  std::vector<int> open_;
};

}  // namespace earthcatalog::testing_support
