#include "support/script_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace earthcatalog::testing_support {
namespace {

bool receive(int fd, std::string& buffer) {
  char bytes[16384];
  const auto count = ::recv(fd, bytes, sizeof bytes, 0);
  if (count <= 0) return false;
  buffer.append(bytes, static_cast<std::size_t>(count));
  return true;
}

ScriptRequest parse_head(const std::string& head) {
  ScriptRequest request;
  const auto first = head.find(' ');
  request.method = head.substr(0, first);
  request.path = head.substr(first + 1, head.find(' ', first + 1) - first - 1);
  for (auto line = head.find("\r\n") + 2; line < head.size();) {
    const auto end = head.find("\r\n", line);
    const auto colon = head.find(": ", line);
    auto name = head.substr(line, colon - line);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers[name] = head.substr(colon + 2, end - colon - 2);
    line = end + 2;
  }
  return request;
}

// Nothing when the other side closed.
std::optional<ScriptRequest> read_request(int fd, std::string& buffer) {
  std::size_t end;
  while ((end = buffer.find("\r\n\r\n")) == buffer.npos) {
    if (!receive(fd, buffer)) return std::nullopt;
  }
  auto request = parse_head(buffer.substr(0, end + 2));
  buffer.erase(0, end + 4);
  const auto length = request.headers.find("content-length");
  const std::size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
  while (buffer.size() < size) {
    if (!receive(fd, buffer)) return std::nullopt;
  }
  request.body = buffer.substr(0, size);
  buffer.erase(0, size);
  return request;
}

std::string head_of(const ScriptReply& reply) {
  auto head = fmt::format("HTTP/1.1 {} Word\r\n", reply.status);
  for (const auto& [name, value] : reply.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (reply.chunked || reply.endless) return head + "Transfer-Encoding: chunked\r\n\r\n";
  const auto length = reply.announced.value_or(static_cast<std::int64_t>(reply.body.size()) * reply.repeat);
  return head + fmt::format("Content-Length: {}\r\n\r\n", length);
}

std::string chunk(const std::string& bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

}  // namespace

ScriptServer::ScriptServer(Script script)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 512) != 0)
    std::abort();
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptServer::~ScriptServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  stop_.notify_all();
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

std::string ScriptServer::endpoint() const { return fmt::format("http://127.0.0.1:{}", port_); }

int ScriptServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}
int ScriptServer::requests(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = seen_.find(path);
  return found == seen_.end() ? 0 : found->second;
}
int ScriptServer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}
int ScriptServer::most_at_once() const {
  const std::lock_guard lock(mutex_);
  return most_at_once_;
}
std::uint64_t ScriptServer::bytes_sent() const {
  const std::lock_guard lock(mutex_);
  return bytes_sent_;
}

void ScriptServer::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (stopping_ || fd < 0) {
      if (fd >= 0) ::close(fd);
      return;
    }
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    open_.push_back(fd);
    threads_.emplace_back([this, fd, connection = ++connections_] { serve(fd, connection); });
  }
}

void ScriptServer::serve(int fd, int connection) {
  std::string buffer;
  while (auto request = read_request(fd, buffer)) {
    ScriptReply reply;
    {
      const std::lock_guard lock(mutex_);
      request->nth = ++seen_[request->path];
      request->connection = connection;
      ++requests_;
      most_at_once_ = std::max(most_at_once_, ++at_once_);
      reply = script_(*request);
      if (request->method == "HEAD") {
        reply.announced = reply.announced.value_or(static_cast<std::int64_t>(reply.body.size()));
        reply.body.clear();
      }
    }
    const bool go_on = answer(fd, reply);
    const std::lock_guard lock(mutex_);
    --at_once_;
    if (!go_on) break;
  }
  forget(fd);
  ::close(fd);
}

bool ScriptServer::answer(int fd, const ScriptReply& reply) {
  {
    std::unique_lock lock(mutex_);
    stop_.wait_for(lock, reply.delay, [this] { return stopping_; });
  }
  if (reply.reset) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    return false;
  }
  auto head = head_of(reply);
  if (reply.endless) {
    if (!send_all(fd, head)) return false;
    while (send_all(fd, chunk(reply.body))) {
    }
    return false;
  }
  if (reply.pause_between_bytes.count() > 0) {
    if (!send_all(fd, head)) return false;
    for (const char byte : reply.body) {
      if (!send_all(fd, {&byte, 1})) return false;
      std::this_thread::sleep_for(reply.pause_between_bytes);
    }
    return true;
  }
  if (reply.repeat > 1) return send_all(fd, head) && send_repeated(fd, reply);
  if (reply.chunked) return send_all(fd, head + chunk(reply.body) + "0\r\n\r\n");
  if (reply.cut_header_after) {
    (void)send_all(fd, head.substr(0, *reply.cut_header_after));
    return false;
  }
  if (!send_all(fd, head + reply.body.substr(0, reply.cut_after.value_or(reply.body.npos)))) return false;
  return !reply.cut_after && !reply.close;
}

bool ScriptServer::send_repeated(int fd, const ScriptReply& reply) {
  const auto piece = reply.chunked ? chunk(reply.body) : reply.body;
  for (int i = 0; i < reply.repeat; ++i) {
    if (!send_all(fd, piece)) return false;
  }
  return !reply.chunked || send_all(fd, "0\r\n\r\n");
}

bool ScriptServer::send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
    const std::lock_guard lock(mutex_);
    bytes_sent_ += static_cast<std::uint64_t>(count);
  }
  return true;
}

void ScriptServer::forget(int fd) {
  const std::lock_guard lock(mutex_);
  std::erase(open_, fd);
}

std::string s3_error_body(const std::string& code, const std::string& message, const std::string& more) {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{}"
      "<RequestId>REQ1</RequestId></Error>",
      code, message, more);
}

}  // namespace earthcatalog::testing_support
