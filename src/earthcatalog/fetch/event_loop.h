// libcurl's multi interface driven by epoll: work is done for the sockets that are ready and for nothing else. Knows of
// easy handles only. Used from one thread.
#pragma once

#include <curl/curl.h>
#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "earthcatalog/fetch/attempt.h"
#include "earthcatalog/result.h"

namespace earthcatalog::fetch {

struct CurlMultiDelete {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

class EventLoop {
 public:
  explicit EventLoop(int most_connections);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Lets the loop see which sockets `easy` opens and closes. Once for each handle, before its first transfer.
  void adopt(CURL* easy);
  Status add(CURL* easy);
  void remove(CURL* easy);
  /// Lets libcurl do what is due by the clock: begin what was added, end what takes too long. May end transfers.
  Status run_timers();
  /// Waits for sockets or libcurl's timers, at most `most`, and lets libcurl work on them.
  Status wait(std::chrono::microseconds most);
  /// A transfer that has ended and was not asked for yet.
  std::optional<std::pair<CURL*, CURLcode>> next_finished();

 private:
  struct Socket {
    std::uint32_t registered = 0;  ///< what epoll watches
    std::uint32_t wanted = 0;      ///< what libcurl waits for
    bool kept = false;             ///< a connection, whose closing we hear of
  };
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int on_timer(CURLM* multi, long milliseconds, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* self, curl_socket_t fd);

  Socket& socket(int fd);
  void watch(int fd, std::uint32_t events);
  Status serve(const epoll_event& event);

  int epoll_;
  std::vector<Socket> sockets_;  ///< by file descriptor
  std::optional<SteadyTime> timer_;
  std::vector<epoll_event> events_;
  std::unique_ptr<CURLM, CurlMultiDelete> multi_;  ///< last: closing its connections calls on_close
};

}  // namespace earthcatalog::fetch
