#include "support/scripted_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>

namespace earthcatalog::testing_support {
namespace {

// Reads from one connection, keeping what came too early.
class Reader {
 public:
  explicit Reader(int fd) : fd_(fd) {}

  std::optional<ScriptedRequest> next() {
    std::size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == buffer_.npos) {
      if (!fill()) return std::nullopt;
    }
    ScriptedRequest request = parse(buffer_.substr(0, end));
    buffer_.erase(0, end + 4);
    const auto length = request.headers.find("content-length");
    const std::size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
    while (buffer_.size() < size) {
      if (!fill()) return std::nullopt;
    }
    request.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return request;
  }

 private:
  bool fill() {
    char chunk[65536];
    const ssize_t count = ::recv(fd_, chunk, sizeof chunk, 0);
    if (count <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(count));
    return true;
  }

  static ScriptedRequest parse(const std::string& head) {
    ScriptedRequest request;
    std::size_t line_end = head.find("\r\n");
    const std::string first = head.substr(0, line_end);
    const std::size_t blank = first.find(' ');
    request.method = first.substr(0, blank);
    request.target = first.substr(blank + 1, first.rfind(' ') - blank - 1);
    while (line_end != head.npos) {
      const std::size_t begin = line_end + 2;
      line_end = head.find("\r\n", begin);
      const std::string line = head.substr(begin, line_end == head.npos ? head.npos : line_end - begin);
      const std::size_t colon = line.find(": ");
      if (colon == line.npos) continue;
      std::string name = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      request.headers[name] = line.substr(colon + 2);
    }
    return request;
  }

  const int fd_;
  std::string buffer_;
};

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// Whether the connection stays.
bool answer(int fd, const ScriptedRequest& request, const ScriptedReply& reply) {
  if (reply.delay_seconds > 0) std::this_thread::sleep_for(std::chrono::duration<double>(reply.delay_seconds));
  if (reply.hang_up) return false;
  std::string text = fmt::format("HTTP/1.1 {} Scripted\r\nContent-Length: {}\r\n", reply.status, reply.body.size());
  for (const std::string& header : reply.headers) text += header + "\r\n";
  text += "\r\n";
  if (request.method != "HEAD") text += reply.body;
  text.resize(text.size() - std::min(reply.truncate_bytes, reply.body.size()));
  return send_all(fd, text) && reply.truncate_bytes == 0;
}

}  // namespace

ScriptedServer::ScriptedServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 256) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port for the scripted server");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  std::vector<std::thread> workers;
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    workers.swap(workers_);
  }
  for (std::thread& worker : workers) worker.join();
}

std::string ScriptedServer::endpoint() const { return fmt::format("http://127.0.0.1:{}", port_); }

void ScriptedServer::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    ++connections_;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    workers_.emplace_back([this, fd] { serve(fd); });
  }
}

void ScriptedServer::serve(int fd) {
  Reader reader(fd);
  while (const auto request = reader.next()) {
    ++requests_;
    if (!answer(fd, *request, handler_(*request))) break;
  }
  const std::lock_guard lock(mutex_);
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  ::close(fd);
}

}  // namespace earthcatalog::testing_support
