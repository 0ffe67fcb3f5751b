#include "support/s3_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>
#include <vector>

#include "earthcatalog/storage/http/http_client.h"

namespace earthcatalog::testing_support {
namespace {

// Ports that are free now. They are held together while they are chosen, so that they differ.
std::vector<int> free_ports(std::size_t count) {
  std::vector<int> ports, sockets;
  while (ports.size() < count) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
      ports.push_back(ntohs(address.sin_port));
    }
    sockets.push_back(fd);
  }
  for (const int fd : sockets) ::close(fd);
  return ports;
}

std::string identities() {
  return fmt::format(
      R"({{"identities": [
  {{"name": "admin", "credentials": [{{"accessKey": "{}", "secretKey": "{}"}}],
   "actions": ["Admin", "Read", "List", "Tagging", "Write"]}},
  {{"name": "anonymous", "actions": ["Read", "List"]}}]}})",
      S3Server::kAccessKey, S3Server::kSecretKey);
}

// The child's own process group, so that a Ctrl-C at the test does not reach it before the test has ended.
[[noreturn]] void become(const std::vector<std::string>& arguments, const std::string& log) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execv(argv.front(), argv.data());
  ::_exit(127);
}

int status_of(const std::string& url) {
  storage::HttpClient client({.connect_seconds = 1, .stall_seconds = 5});
  const auto reply = client.send({.method = "GET", .url = url, .headers = {}}, "");
  return reply ? reply->status : 0;
}

std::string tail_of(const std::string& path) {
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

}  // namespace

S3Server& S3Server::shared() {
  static S3Server server;
  return server;
}

S3Server::S3Server() { start(); }

S3Server::~S3Server() { kill(); }

void S3Server::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void S3Server::start() {
  if (::access(WEED_PROGRAM, X_OK) != 0) {
    problem_ = fmt::format("{} is missing: run tools/setup.sh test", WEED_PROGRAM);
    return;
  }
  std::ofstream(folder_ / "s3.json") << identities();
  const std::vector<int> ports = free_ports(10);
  const std::vector<std::string> arguments = {WEED_PROGRAM,
                                              "mini",
                                              "-dir=" + (folder_ / "data"),
                                              "-ip=127.0.0.1",
                                              "-ip.bind=127.0.0.1",
                                              fmt::format("-s3.port={}", ports[0]),
                                              fmt::format("-s3.port.grpc={}", ports[1]),
                                              fmt::format("-master.port={}", ports[2]),
                                              fmt::format("-master.port.grpc={}", ports[3]),
                                              fmt::format("-volume.port={}", ports[4]),
                                              fmt::format("-volume.port.grpc={}", ports[5]),
                                              fmt::format("-filer.port={}", ports[6]),
                                              fmt::format("-filer.port.grpc={}", ports[7]),
                                              fmt::format("-admin.port={}", ports[8]),
                                              fmt::format("-admin.port.grpc={}", ports[9]),
                                              "-s3.config=" + (folder_ / "s3.json"),
                                              "-s3.port.iceberg=0",
                                              "-s3.port.lance=0",
                                              "-webdav=false",
                                              "-admin.ui=false",
                                              "-master.telemetry=false",
                                              "-filer.localSocket=" + (folder_ / "filer.sock"),
                                              "-s3.localSocket=" + (folder_ / "s3.sock"),
                                              fmt::format("-bucket={},{}", kBucket, kItemsBucket)};
  (void)::mkdir((folder_ / "data").c_str(), 0755);
  const std::string log = folder_ / "weed.log";
  pid_ = ::fork();
  if (pid_ == 0) become(arguments, log);
  endpoint_ = fmt::format("http://127.0.0.1:{}", ports[0]);
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (std::chrono::steady_clock::now() < patience) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      break;
    }
    if (status_of(fmt::format("{}/{}", endpoint_, kBucket)) == 200 &&
        status_of(fmt::format("{}/{}", endpoint_, kItemsBucket)) == 200) {
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  problem_ = "SeaweedFS did not start: " + tail_of(log);
  kill();
}

storage::StorageSettings S3Server::settings() const {
  storage::StorageSettings settings;
  settings.s3.endpoint = endpoint_;
  settings.s3.access_key = kAccessKey;
  settings.s3.secret_key = kSecretKey;
  settings.s3.region = "us-east-1";
  return settings;
}

}  // namespace earthcatalog::testing_support
