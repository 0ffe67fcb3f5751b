#include "earthcatalog/fetch/event_loop.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace earthcatalog::fetch {
namespace {

constexpr std::size_t kEventsAtOnce = 128;

Status check(CURLMcode code, const char* what) {
  if (code == CURLM_OK) return {};
  return fail(ErrorKind::kIOError, "HTTP library: {}: {}", what, curl_multi_strerror(code));
}

}  // namespace

EventLoop::EventLoop(int most_connections)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), events_(kEventsAtOnce), multi_(curl_multi_init()) {
  auto* multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &EventLoop::on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &EventLoop::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(most_connections));
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
}

EventLoop::~EventLoop() {
  multi_.reset();
  ::close(epoll_);
}

void EventLoop::adopt(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &EventLoop::on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &EventLoop::on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

Status EventLoop::add(CURL* easy) { return check(curl_multi_add_handle(multi_.get(), easy), "adding a transfer"); }

void EventLoop::remove(CURL* easy) { curl_multi_remove_handle(multi_.get(), easy); }

Status EventLoop::wait(std::chrono::microseconds most) {
  auto timeout = most;
  if (timer_) timeout = std::min(timeout, std::chrono::ceil<std::chrono::microseconds>(*timer_ - SteadyClock::now()));
  const auto milliseconds = std::max<long>(0, std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
  const int count =
      epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), static_cast<int>(milliseconds));
  if (count < 0 && errno != EINTR) {
    return fail(ErrorKind::kIOError, "epoll: {}", std::generic_category().message(errno));
  }
  for (int i = 0; i < count; ++i) EC_TRY(serve(events_[static_cast<std::size_t>(i)]));
  return run_timers();
}

std::optional<std::pair<CURL*, CURLcode>> EventLoop::next_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE) return std::pair{message->easy_handle, message->data.result};
  }
  return std::nullopt;
}

Status EventLoop::run_timers() {
  if (!timer_ || SteadyClock::now() < *timer_) return {};
  timer_.reset();
  int running = 0;
  return check(curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running), "timers");
}

Status EventLoop::serve(const epoll_event& event) {
  const int fd = event.data.fd;
  auto& state = socket(fd);
  if (state.wanted == 0) {  // an idle connection that the server closed: libcurl notices when it wants to use it
    watch(fd, 0);
    return {};
  }
  const int flags = ((event.events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                    ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                    ((event.events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
  int running = 0;
  return check(curl_multi_socket_action(multi_.get(), fd, flags, &running), "sockets");
}

EventLoop::Socket& EventLoop::socket(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= sockets_.size()) sockets_.resize(index * 2 + 16);
  return sockets_[index];
}

void EventLoop::watch(int fd, std::uint32_t events) {
  auto& state = socket(fd);
  if (state.registered == events) return;
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  const int operation = events == 0 ? EPOLL_CTL_DEL : state.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_ctl(epoll_, operation, fd, &event);
  state.registered = events;
}

// A kept-alive connection stays registered between two transfers: two system calls less for each GET.
int EventLoop::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& loop = *static_cast<EventLoop*>(self);
  auto& state = loop.socket(fd);
  state.wanted = what == CURL_POLL_REMOVE
                     ? 0u
                     : ((what & CURL_POLL_IN) != 0 ? +EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? +EPOLLOUT : 0u);
  if (state.wanted == 0 && state.kept && state.registered == EPOLLIN) return 0;
  loop.watch(fd, state.wanted);
  return 0;
}

int EventLoop::on_timer(CURLM*, long milliseconds, void* self) {
  auto& timer = static_cast<EventLoop*>(self)->timer_;
  if (milliseconds < 0) {
    timer.reset();
  } else {
    timer = SteadyClock::now() + std::chrono::milliseconds(milliseconds);
  }
  return 0;
}

curl_socket_t EventLoop::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd >= 0) static_cast<EventLoop*>(self)->socket(fd) = {.registered = 0, .wanted = 0, .kept = true};
  return fd;
}

int EventLoop::on_close(void* self, curl_socket_t fd) {
  static_cast<EventLoop*>(self)->socket(fd) = {};  // closing takes it out of epoll
  return ::close(fd);
}

}  // namespace earthcatalog::fetch
