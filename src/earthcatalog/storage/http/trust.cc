#include "earthcatalog/storage/http/trust.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <nettle/base64.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace earthcatalog::storage {
namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";

std::string decode_base64(std::string_view text) {
  base64_decode_ctx context;
  base64_decode_init(&context);
  std::string bytes(BASE64_DECODE_LENGTH(text.size()), '\0');
  std::size_t size = bytes.size();
  if (base64_decode_update(&context, &size, reinterpret_cast<std::uint8_t*>(bytes.data()), text.size(), text.data()) ==
      0) {
    return {};
  }
  bytes.resize(size);
  return bytes;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(fd, bytes.data(), bytes.size());
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool is_amazon(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme)) return false;
  url.remove_prefix(kScheme.size());
  return url.substr(0, url.find_first_of("/:?")).ends_with(".amazonaws.com");
}

}  // namespace

std::string certificates_naming(std::string_view pem, std::initializer_list<std::string_view> names) {
  std::string result;
  for (auto begin = pem.find(kBegin); begin != pem.npos; begin = pem.find(kBegin, begin + 1)) {
    const auto end = pem.find(kEnd, begin);
    if (end == pem.npos) break;
    const auto der = decode_base64(pem.substr(begin + kBegin.size(), end - begin - kBegin.size()));
    if (std::ranges::any_of(names, [&](std::string_view name) { return der.find(name) != der.npos; })) {
      result.append(pem.substr(begin, end + kEnd.size() - begin)).append("\n");
    }
  }
  return result;
}

std::optional<std::string> named_bundle(
    const std::function<std::optional<std::string>(const char* name)>& environment) {
  for (const char* name : {"AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
    if (auto path = environment(name)) return path;
  }
  return std::nullopt;
}

std::string Trust::system_bundle() {
  if (curl_version_info(CURLVERSION_NOW)->cainfo != nullptr) return {};
  for (const char* path : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) return path;
  }
  return {};
}

Trust::Trust(std::string bundle_path) : bundle_path_(std::move(bundle_path)) {}

void Trust::load() const {
  if (bundle_path_.empty()) return;
  std::ifstream file(bundle_path_, std::ios::binary);
  const std::string pem((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  // https://www.amazontrust.com/repository
  const auto amazon = certificates_naming(pem, {"Amazon Root CA ", "Starfield Services Root Certificate Authority"});
  if (amazon.empty()) return;
  amazon_fd_ = ::memfd_create("certificates", MFD_CLOEXEC);
  if (amazon_fd_ >= 0 && write_all(amazon_fd_, amazon)) amazon_path_ = fmt::format("/proc/self/fd/{}", amazon_fd_);
}

Trust::~Trust() {
  if (amazon_fd_ >= 0) ::close(amazon_fd_);
}

Trust::Certificates Trust::for_url(std::string_view url) const {
  if (!widened_ && is_amazon(url)) {
    std::call_once(loaded_, [this] { load(); });
    if (!amazon_path_.empty()) return {.path = amazon_path_.c_str(), .is_part = true};
  }
  return {.path = bundle_path_.empty() ? nullptr : bundle_path_.c_str()};
}

}  // namespace earthcatalog::storage
