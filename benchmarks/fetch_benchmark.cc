// CPU of our process for each object: GETs from a server in another process, unsigned and signed, and reads of files
// in the page cache.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/fetch/fetcher.h"

namespace {

using earthcatalog::Result;
using earthcatalog::Status;
using earthcatalog::fetch::Fetched;
using earthcatalog::fetch::Fetcher;
using earthcatalog::fetch::FetchOptions;
using earthcatalog::fetch::Outcome;

constexpr std::size_t kBodyBytes = 4800;

// What Amazon's servers send besides the body.
std::string static_reply() {
  return fmt::format(
             "HTTP/1.1 200 OK\r\nx-amz-id-2: {0:}\r\nx-amz-request-id: 0A1B2C3D4E5F6071\r\nDate: Sun, 22 Nov 2026 "
             "12:00:00 GMT\r\nLast-Modified: Sun, 22 Nov 2020 12:00:00 GMT\r\nETag: "
             "\"0123456789abcdef0123456789abcdef\"\r\nx-amz-server-side-encryption: AES256\r\nAccept-Ranges: "
             "bytes\r\nContent-Type: application/json\r\nServer: AmazonS3\r\nContent-Length: {1:}\r\n\r\n",
             std::string(76, 'x'), kBodyBytes) +
         "{" + std::string(kBodyBytes - 2, ' ') + "}";
}

// Answers every request, which must come in one piece, with the same bytes.
[[noreturn]] void serve_for_ever(int listener) {
  const auto reply = static_reply();
  const int epoll = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener;
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  std::vector<epoll_event> events(256);
  std::vector<char> buffer(1 << 16);
  while (true) {
    const int count = epoll_wait(epoll, events.data(), 256, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        const int client = ::accept(listener, nullptr, nullptr);
        const int one = 1;
        ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        event.data.fd = client;
        epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
      } else if (::recv(fd, buffer.data(), buffer.size(), 0) <= 0 ||
                 ::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) {
        ::close(fd);
      }
    }
  }
}

// A server in another process, so that its CPU is not ours.
class StaticServer {
 public:
  StaticServer() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 1024) != 0) {
      std::abort();
    }
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve_for_ever(listener);
    }
    ::close(listener);
  }
  ~StaticServer() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  StaticServer(const StaticServer&) = delete;
  StaticServer& operator=(const StaticServer&) = delete;
  std::string endpoint() const { return fmt::format("http://127.0.0.1:{}", port_); }

 private:
  int port_ = 0;
  pid_t process_ = -1;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void fetch_objects(benchmark::State& state, const earthcatalog::storage::StorageSettings& settings,
                   const FetchOptions& options, const std::vector<std::string>& keys) {
  earthcatalog::storage::Stores stores(settings);
  Fetcher fetcher(stores, options);
  const std::atomic<bool> stop = false;
  double cpu = 0;
  std::int64_t objects = 0;
  const auto one_pass = [&] {
    std::size_t given = 0;
    const auto next = [&](Fetcher::Work& work) -> Result<Fetcher::Pull> {
      if (given == keys.size()) return Fetcher::Pull::kEnd;
      work.object.bucket = "bucket";
      work.object.key = keys[given++];
      return Fetcher::Pull::kWork;
    };
    const auto done = [&](Fetched&& fetched) -> Status {
      if (fetched.outcome != Outcome::kFetched || fetched.body.size() != kBodyBytes) {
        return earthcatalog::fail(earthcatalog::ErrorKind::kInvalidData, "{}", fetched.reason);
      }
      benchmark::DoNotOptimize(fetched.body.data());
      ++objects;
      return {};
    };
    if (const auto status = fetcher.run(next, done, stop); !status) state.SkipWithError(status.error().message.c_str());
  };
  one_pass();  // connections, caches
  objects = 0;
  for (auto _ : state) {
    const double before = cpu_seconds();
    one_pass();
    cpu += cpu_seconds() - before;
  }
  state.SetItemsProcessed(objects);
  state.counters["cpu_us_per_object"] = cpu * 1e6 / static_cast<double>(std::max<std::int64_t>(1, objects));
}

std::vector<std::string> some_keys(int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) {
    keys.push_back(
        fmt::format("velocity_image_pair/sentinel1/v02/N60W040/S1A_IW_SLC__1SSH_{:08}_G0120V02.stac.json", i));
  }
  return keys;
}

void get(benchmark::State& state, bool is_signed) {
  const StaticServer server;
  earthcatalog::storage::StorageSettings settings;
  settings.s3.endpoint = server.endpoint();
  settings.s3.path_style = earthcatalog::storage::PathStyle::kPath;
  settings.s3.anonymous = !is_signed;
  if (is_signed) {
    settings.s3.access_key = "AKIDEXAMPLE";
    settings.s3.secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  }
  FetchOptions options;
  options.concurrency = static_cast<int>(state.range(0));
  fetch_objects(state, settings, options, some_keys(20000));
}

void get_unsigned(benchmark::State& state) { get(state, false); }
void get_signed(benchmark::State& state) { get(state, true); }

void read_files(benchmark::State& state) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("earthcatalog_fetch_{}", ::getpid());
  const auto keys = some_keys(5000);
  for (const auto& key : keys) {
    const auto path = folder / "bucket" / key;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << std::string(kBodyBytes, '{');
  }
  FetchOptions options;
  options.source_root = "file://" + folder.string() + "/";
  fetch_objects(state, {}, options, keys);
  std::filesystem::remove_all(folder);
}

BENCHMARK(get_unsigned)->Arg(16)->Arg(64)->Arg(256)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(get_signed)->Arg(64)->Arg(256)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(read_files)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
