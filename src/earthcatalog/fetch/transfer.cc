#include "earthcatalog/fetch/transfer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "earthcatalog/storage/http/http_client.h"
#include "earthcatalog/storage/s3/s3_calls.h"
#include "earthcatalog/version.h"

namespace earthcatalog::fetch {
namespace {

constexpr std::size_t kMostErrorBytes = 64 << 10;
constexpr long kStallBytesPerSecond = 1024;

long whole_milliseconds(double seconds) { return std::max(1L, std::lround(seconds * 1000)); }

}  // namespace

Transfer::Transfer(Shared shared, const FetchOptions& options)
    : shared_(shared),
      max_object_bytes_(options.max_object_bytes),
      connect_time_(whole_milliseconds(options.connect_seconds)),
      easy_(curl_easy_init()) {
  const auto user_agent = fmt::format("earthcatalog/{}", kVersion);
  error_.resize(CURL_ERROR_SIZE);
  auto* easy = easy_.get();
  shared_.loop.adopt(easy);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_bytes);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_DNS_SHUFFLE_ADDRESSES, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, whole_milliseconds(options.connect_seconds));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, kStallBytesPerSecond);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, std::max(1L, std::lround(std::ceil(options.stall_seconds))));
}

Transfer& Transfer::of(CURL* easy) {
  void* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *static_cast<Transfer*>(self);
}

Status Transfer::start(Job& job, storage::HttpRequest&& request, std::chrono::milliseconds most) {
  request_ = std::move(request);
  headers_.resize(request_.headers.size());
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    headers_[i] = {request_.headers[i].data(), i + 1 < headers_.size() ? &headers_[i + 1] : nullptr};
  }
  auto* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.empty() ? nullptr : headers_.data());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, most.count())));
  short_of_time_ = most < connect_time_;
  const auto certificates = shared_.trust.for_url(request_.url);
  if (certificates.path != certificates_.path) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, certificates.path);
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  certificates_ = certificates;
  error_[0] = '\0';
  job_ = &job;
  return shared_.loop.add(easy);
}

HttpReply Transfer::finish(CURLcode code) {
  const char* said = error_[0] != '\0' ? error_.c_str() : curl_easy_strerror(code);
  auto failure = storage::failure_of(code, said, request_.url, was_sent() || short_of_time_);
  HttpReply reply{.end = end_of(code, failure.kind), .status = static_cast<int>(status()), .has_etag = true};
  if (too_large_) {
    reply.detail = length_ >= 0 ? fmt::format("has {} bytes", length_) : "has more bytes than the limit";
  } else if (reply.end == TransferEnd::kUnreachable || reply.end == TransferEnd::kHopeless) {
    reply.detail = std::move(failure.message);
  } else if (reply.end != TransferEnd::kComplete) {
    reply.detail = said;
  }
  if (reply.end == TransferEnd::kComplete && reply.status == 200 && body_.empty() && !says_where_it_ends()) {
    reply.end = TransferEnd::kTruncated;
    reply.detail = "the reply ended within its header";
  }
  // Only what is not plainly an object needs its headers looked at.
  if (reply.status != 200 || reply.end != TransferEnd::kComplete || body_.empty() || body_[0] != '{') {
    read_headers(reply);
  }
  if (!job_->object.has_version()) {
    reply.etag = storage::unquoted(header("ETag"));
    reply.last_modified = storage::parse_http_date(header("Last-Modified"));
  }
  reply.body = std::move(body_);
  reply.sent = std::move(request_);
  release();
  return reply;
}

void Transfer::abandon() { release(); }

void Transfer::release() {
  shared_.loop.remove(easy_.get());
  if (reserved_) shared_.budget.give_back(needed_);
  if (paused_) std::erase(shared_.paused, this);
  body_.clear();
  job_ = nullptr;
  length_ = -1;
  reserved_ = began_body_ = is_object_ = too_large_ = paused_ = false;
}

void Transfer::resume() {
  paused_ = false;
  curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
}

std::size_t Transfer::on_bytes(char* data, std::size_t, std::size_t size, void* self) {
  return static_cast<Transfer*>(self)->receive(data, size);
}

std::size_t Transfer::receive(const char* data, std::size_t size) {
  constexpr std::size_t kStop = 0;
  if (!began_body_ && !begin_body()) return paused_ ? CURL_WRITEFUNC_PAUSE : kStop;
  if (!is_object_) {
    body_.append(data, std::min(size, kMostErrorBytes - body_.size()));
    return body_.size() < kMostErrorBytes ? size : kStop;
  }
  if (static_cast<std::int64_t>(body_.size() + size) > max_object_bytes_) {
    too_large_ = true;
    return kStop;
  }
  body_.append(data, size);
  return size;
}

// Makes room for an object: for as much as was announced, or for the largest that is taken. False: not now, or never.
bool Transfer::begin_body() {
  is_object_ = status() == 200;
  if (is_object_) {
    curl_off_t length = -1;
    curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    length_ = length;
    too_large_ = length_ > max_object_bytes_;
    if (too_large_) return false;
    needed_ = length_ >= 0 ? length_ : max_object_bytes_;
    reserved_ = shared_.budget.take(needed_);
    if (!reserved_) {
      paused_ = true;
      shared_.paused.push_back(this);
      return false;
    }
    if (length_ >= 0) body_.reserve(static_cast<std::size_t>(length_) + kSpareBytes);
  }
  began_body_ = true;
  return true;
}

TransferEnd Transfer::end_of(CURLcode code, storage::HttpFailure::Kind failure) const {
  if (too_large_) return TransferEnd::kTooLarge;
  if (code != CURLE_OK && failure == storage::HttpFailure::Kind::kUnreachable) return TransferEnd::kUnreachable;
  switch (code) {
    case CURLE_OK:
      return TransferEnd::kComplete;
    case CURLE_WRITE_ERROR:  // enough was read of an error's description
      return TransferEnd::kComplete;
    case CURLE_OPERATION_TIMEDOUT:
      return TransferEnd::kTimeout;
    case CURLE_PARTIAL_FILE:
      return TransferEnd::kTruncated;
    case CURLE_PEER_FAILED_VERIFICATION:
      if (certificates_.is_part) shared_.trust.widen();
      return certificates_.is_part ? TransferEnd::kBroken : TransferEnd::kHopeless;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_URL_MALFORMAT:
      return TransferEnd::kHopeless;
    default:
      return began_body_ ? TransferEnd::kTruncated : TransferEnd::kBroken;
  }
}

void Transfer::read_headers(HttpReply& reply) const {
  reply.has_etag = !header("ETag").empty();
  reply.request_id = header("x-amz-request-id");
  reply.region = header("x-amz-bucket-region");
  if (const auto date = header("Date"); !date.empty()) {
    if (const auto seconds = curl_getdate(date.c_str(), nullptr); seconds > 0) {
      reply.server_time = static_cast<TimeMicros>(seconds) * kMicrosPerSecond;
    }
  }
  curl_off_t retry_after = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &retry_after);
  if (retry_after > 0) reply.retry_after_seconds = static_cast<double>(retry_after);
}

std::string Transfer::header(const char* name) const {
  curl_header* found = nullptr;
  if (curl_easy_header(easy_.get(), name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return {};
  return found->value;
}

// libcurl takes a header that ends with the connection for a whole one, and the object for an empty one.
bool Transfer::says_where_it_ends() const {
  return !header("Content-Length").empty() || !header("Transfer-Encoding").empty();
}

bool Transfer::was_sent() const {
  long bytes = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > 0;
}

long Transfer::status() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

}  // namespace earthcatalog::fetch
