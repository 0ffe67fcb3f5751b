// libparquet.so of the pyarrow wheel exports thousands of OpenSSL's symbols. None of ours, and none of the libraries
// that do TLS and cryptography for us, may end up in them.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <thread>

#include "support/temp_folder.h"

namespace earthcatalog::storage {
namespace {

using testing_support::TempFolder;

struct Binding {
  std::string from, to, symbol;
};

std::vector<Binding> read_bindings(const std::string& folder) {
  std::vector<Binding> bindings;
  const std::regex form("binding file (\\S+) \\[\\d+\\] to (\\S+) \\[\\d+\\]: \\w+ symbol `([^']+)'.*");
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (std::regex_search(line, match, form)) bindings.push_back({match[1], match[2], match[3]});
    }
  }
  return bindings;
}

bool is_arrow(const std::string& file) {
  return file.find("libarrow") != file.npos || file.find("libparquet") != file.npos;
}

// Accepts connections and closes them at the first bytes.
class RudeServer {
 public:
  RudeServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 8);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (int fd; (fd = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(fd)) {
        char bytes[4096];
        (void)!::recv(fd, bytes, sizeof bytes, 0);
      }
    });
  }
  ~RudeServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  int port() const { return port_; }

 private:
  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
  std::thread thread_;
};

TEST(Binding, NoSymbolBindsToTheWheelsOpenSsl) {
  const RudeServer server;
  const TempFolder folder;
  const std::string command = fmt::format("LD_DEBUG=bindings LD_DEBUG_OUTPUT={} {} https://127.0.0.1:{} > {}",
                                          folder / "ld", HTTPS_PROBE, server.port(), folder / "out");
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ifstream out(folder / "out");
  std::string message;
  std::getline(out, message);
  EXPECT_THAT(message, testing::HasSubstr("gnutls_handshake() failed")) << "libcurl is not the GnuTLS flavour";
  bool saw_curl = false;
  std::map<std::string, int> wrong;
  for (const Binding& binding : read_bindings(folder.path())) {
    saw_curl = saw_curl || (binding.symbol == "curl_easy_perform" && binding.to.find("libcurl") != binding.to.npos);
    const bool is_cpp = binding.symbol.starts_with("_Z");  // templates of the standard library are everywhere
    if (is_arrow(binding.to) && !is_arrow(binding.from) && !is_cpp) {
      ++wrong[fmt::format("{} calls {}, for one, in {}", binding.from, binding.symbol, binding.to)];
    }
  }
  EXPECT_TRUE(saw_curl) << "the loader's debug output was not understood";
  EXPECT_EQ(wrong.size(), 0u) << wrong.begin()->first;
}

}  // namespace
}  // namespace earthcatalog::storage
