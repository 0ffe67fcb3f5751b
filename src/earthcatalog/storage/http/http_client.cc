#include "earthcatalog/storage/http/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/storage/http/trust.h"
#include "earthcatalog/version.h"

namespace earthcatalog::storage {
namespace {

constexpr std::size_t kMostIdle = 256;

std::string_view strip(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// A reply on its way. libcurl takes a header that ends with the connection for a whole one: without a Content-Length,
// the object would seem to be empty.
struct Arriving {
  HttpReply reply;
  bool header_is_whole = false;
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& [reply, header_is_whole] = *static_cast<Arriving*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // what came before was an interim reply (1xx)
    reply.headers.clear();
    header_is_whole = false;
  }
  if (strip(line).empty()) header_is_whole = true;
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return line.size();
  std::string name(line.substr(0, colon));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  const std::string_view value = strip(line.substr(colon + 1));
  reply.headers.emplace_back(std::move(name), value);
  return line.size();
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& reply = static_cast<Arriving*>(user)->reply;
  if (reply.body.empty()) {
    constexpr std::size_t kMostReserved = 64 << 20;
    const std::string_view value = reply.header("content-length");
    std::size_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    reply.body.reserve(std::min(length, kMostReserved));
  }
  reply.body.append(data, size * count);
  return size * count;
}

}  // namespace

std::string_view HttpReply::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

class HttpClient::Handle {
 public:
  Handle() : easy_(curl_easy_init()) {}
  ~Handle() { curl_easy_cleanup(easy_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  std::expected<HttpReply, HttpFailure> send(const HttpRequest& request, std::string_view body,
                                             const HttpLimits& limits) {
    Arriving arriving;
    char reason[CURL_ERROR_SIZE] = "";
    curl_easy_reset(easy_);  // keeps the connection
    set_limits(limits);
    curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, &arriving);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, &arriving);
    curl_easy_setopt(easy_, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
    set_method(request.method, body);
    // No "Expect: 100-continue", and no guess of ours at the type.
    curl_slist* headers = curl_slist_append(curl_slist_append(nullptr, "Expect:"), "Content-Type:");
    for (const std::string& header : request.headers) headers = curl_slist_append(headers, header.c_str());
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers);
    const bool is_part = set_certificates(limits, request.url);
    CURLcode code = curl_easy_perform(easy_);
    if (code == CURLE_PEER_FAILED_VERIFICATION && is_part) {  // nothing was sent yet
      limits.trust->widen();
      set_certificates(limits, request.url);
      code = curl_easy_perform(easy_);
    }
    curl_slist_free_all(headers);
    if (code != CURLE_OK) {
      long sent = 0;
      curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &sent);
      const char* said = *reason != '\0' ? reason : curl_easy_strerror(code);
      return std::unexpected(failure_of(code, said, request.url, sent > 0));
    }
    if (!arriving.header_is_whole) {
      return std::unexpected(HttpFailure{HttpFailure::Kind::kBroken, "the reply ended within its header"});
    }
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    arriving.reply.status = static_cast<int>(status);
    long connections = 0;
    curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connections);
    arriving.reply.maybe_sent_twice = std::exchange(used_before_, true) && connections > 0;
    return std::move(arriving.reply);
  }

 private:
  // True when they are a part of the bundle.
  bool set_certificates(const HttpLimits& limits, const std::string& url) {
    if (!limits.trust) return false;
    const auto certificates = limits.trust->for_url(url);
    if (certificates.path != nullptr) {
      curl_easy_setopt(easy_, CURLOPT_CAINFO, certificates.path);
      curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
    }
    return certificates.is_part;
  }

  void set_limits(const HttpLimits& limits) {
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy_, CURLOPT_USERAGENT, fmt::format("earthcatalog/{}", kVersion).c_str());
    curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect_seconds * 1000));
    curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_LIMIT, 1024L);
    curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(limits.stall_seconds)));
  }

  void set_method(const std::string& method, std::string_view body) {
    if (method == "HEAD") {
      curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
      return;
    }
    if (method == "PUT" || method == "POST") {
      curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, body.data() == nullptr ? "" : body.data());
      curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    }
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
  }

  CURL* easy_;
  bool used_before_ = false;
};

HttpClient::HttpClient(HttpLimits limits) : limits_(std::move(limits)) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);  // counted by libcurl, for the process's life
  (void)started;
}

HttpClient::~HttpClient() = default;

std::expected<HttpReply, HttpFailure> HttpClient::send(const HttpRequest& request, std::string_view body) {
  const Waiting waiting;
  if (limits_.slots) limits_.slots->acquire();
  auto handle = borrow();
  auto reply = handle->send(request, body, limits_);
  give_back(std::move(handle));
  if (limits_.slots) limits_.slots->release();
  return reply;
}

std::unique_ptr<HttpClient::Handle> HttpClient::borrow() {
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      auto handle = std::move(idle_.back());  // the one used last: its connection is the least likely to be closed
      idle_.pop_back();
      return handle;
    }
  }
  return std::make_unique<Handle>();
}

void HttpClient::give_back(std::unique_ptr<Handle> handle) {
  const MutexLock lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(handle));
}

std::optional<TimeMicros> parse_http_date(std::string_view text) {
  const time_t seconds = curl_getdate(std::string(text).c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return seconds * kMicrosPerSecond;
}

std::optional<double> retry_after_seconds(std::string_view text, TimeMicros now) {
  if (text.empty()) return std::nullopt;
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && end == text.data() + text.size()) return seconds;
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  return static_cast<double>(std::max<TimeMicros>(0, *date - now)) / kMicrosPerSecond;
}

}  // namespace earthcatalog::storage
