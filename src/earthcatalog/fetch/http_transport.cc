#include "earthcatalog/fetch/http_transport.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "earthcatalog/base/time.h"

namespace earthcatalog::fetch {
namespace {

constexpr std::string_view kScheme = "s3://";

void initialize_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

int with_curl(int value) {
  initialize_curl();
  return value;
}

}  // namespace

HttpTransport::HttpTransport(storage::Stores& stores, const FetchOptions& options)
    : stores_(stores), options_(options), budget_(options.max_bytes_in_flight), loop_(with_curl(options.concurrency)) {}

HttpTransport::~HttpTransport() { abandon(); }

Status HttpTransport::open(Bucket& bucket) {
  auto root = std::string_view(options_.source_root).substr(kScheme.size());
  std::string_view name = bucket.name;
  if (!root.empty()) {
    name = root.substr(0, root.find('/'));
    root.remove_prefix(std::min(root.size(), name.size() + 1));
    bucket.prefix = child_uri(root, bucket.name) + "/";
  }
  EC_ASSIGN_OR_RETURN(bucket.s3, stores_.s3_bucket(name));
  return {};
}

std::string HttpTransport::uri(const Bucket& bucket, std::string_view key) const {
  return fmt::format("{}/{}", child_uri(options_.source_root, bucket.name), key);
}

Status HttpTransport::start(Job& job) {
  std::string prefixed;
  std::string_view key = job.object.key;
  if (!job.bucket->prefix.empty()) key = prefixed = job.bucket->prefix + job.object.key;
  EC_ASSIGN_OR_RETURN(auto request, job.bucket->s3->request({.key = key}, system_now()));
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(job.deadline - job.began);
  return free_transfer().start(job, std::move(request), left);
}

// A near server may have answered by the time that libcurl has sent the request: what has ended is looked for before
// the wait, too.
Status HttpTransport::poll(std::chrono::microseconds wait, const Sink& sink) {
  EC_TRY(loop_.run_timers());
  EC_ASSIGN_OR_RETURN(const bool some, collect(sink));
  EC_TRY(loop_.wait(some ? std::chrono::microseconds(0) : wait));
  EC_TRY(collect(sink));
  return {};
}

// True when there was something to collect.
Result<bool> HttpTransport::collect(const Sink& sink) {
  bool some = false;
  while (const auto finished = loop_.next_finished()) {
    some = true;
    auto& transfer = Transfer::of(finished->first);
    auto& job = *transfer.job();
    auto reply = transfer.finish(finished->second);
    free_.push_back(&transfer);
    const bool accepted = (reply.status >= 200 && reply.status < 300) || reply.status == 404;
    if (accepted) job.bucket->s3->accepted(reply.sent);
    EC_TRY(sink(job, classify(std::move(reply), options_.max_object_bytes)));
    resume_paused();
  }
  return some;
}

void HttpTransport::abandon() {
  for (auto& transfer : transfers_) {
    if (transfer->job() == nullptr) continue;
    transfer->abandon();
    free_.push_back(transfer.get());
  }
}

Transfer& HttpTransport::free_transfer() {
  if (free_.empty()) {
    transfers_.push_back(
        std::make_unique<Transfer>(Transfer::Shared{loop_, budget_, paused_, stores_.trust()}, options_));
    free_.push_back(transfers_.back().get());
  }
  auto* transfer = free_.back();
  free_.pop_back();
  return *transfer;
}

void HttpTransport::resume_paused() {
  while (!paused_.empty() && paused_.front()->has_room()) {
    auto* transfer = paused_.front();
    paused_.pop_front();
    transfer->resume();
  }
}

}  // namespace earthcatalog::fetch
