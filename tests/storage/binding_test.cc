// libparquet.so of the pyarrow wheel exports thousands of OpenSSL's symbols. None of ours, and none of the libraries
// that do TLS and cryptography for us, may end up in them.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>

#include "support/scripted_server.h"
#include "support/temp_folder.h"

namespace earthcatalog::storage {
namespace {

using testing_support::ScriptedReply;
using testing_support::ScriptedRequest;
using testing_support::ScriptedServer;
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

TEST(Binding, NothingOfOursEndsInTheOpenSslOfTheWheel) {
  ScriptedServer server(
      [](const ScriptedRequest&) { return ScriptedReply{.hang_up = true}; });  // no TLS: it fails there
  const std::string endpoint = "https" + server.endpoint().substr(4);
  const TempFolder folder;
  const std::string command = "LD_DEBUG=bindings LD_DEBUG_OUTPUT=" + (folder / "ld") + " " HTTPS_PROBE " " + endpoint +
                              " > " + (folder / "out");
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ifstream out(folder / "out");
  std::string message;
  std::getline(out, message);
  EXPECT_THAT(message, testing::HasSubstr("TLS")) << "the request came as far as the handshake";
  bool saw_curl = false, saw_tls = false;
  for (const Binding& binding : read_bindings(folder.path())) {
    saw_curl = saw_curl || (binding.symbol == "curl_easy_perform" && binding.to.find("libcurl") != binding.to.npos);
    saw_tls = saw_tls || binding.symbol == "gnutls_handshake";
    const bool is_cpp = binding.symbol.starts_with("_Z");  // templates of the standard library are everywhere
    EXPECT_FALSE(is_arrow(binding.to) && !is_arrow(binding.from) && !is_cpp)
        << binding.from << " calls " << binding.symbol << " in " << binding.to;
  }
  EXPECT_TRUE(saw_curl);
  EXPECT_TRUE(saw_tls) << "libcurl is not the GnuTLS flavour";
}

}  // namespace
}  // namespace earthcatalog::storage
