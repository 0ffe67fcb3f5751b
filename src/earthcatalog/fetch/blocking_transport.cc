#include "earthcatalog/fetch/blocking_transport.h"

#include <algorithm>

namespace earthcatalog::fetch {
namespace {

// A file in the page cache takes 5 us on the calling thread and 6 by way of others; from a disk or a network, where a
// read waits for something else than this processor, many at a time are quicker.
constexpr std::size_t kReadsToJudge = 256;
constexpr auto kSlowRead = std::chrono::microseconds(150);

}  // namespace

BlockingTransport::BlockingTransport(std::unique_ptr<Reader> reader, BlockingOptions options)
    : reader_(std::move(reader)), options_(std::move(options)) {
  start_threads(options_.threads);
}

BlockingTransport::~BlockingTransport() {
  {
    const MutexLock lock(mutex_);
    quit_ = true;
    todo_.clear();
  }
  work_to_do_.notify_all();
  for (auto& thread : threads_) thread.join();
}

std::string BlockingTransport::uri(const Bucket& bucket, std::string_view key) const {
  return fmt::format("{}/{}", child_uri(options_.root_uri, bucket.name), key);
}

Status BlockingTransport::start(Job& job) {
  started_.push_back(&job);
  return {};
}

Status BlockingTransport::poll(std::chrono::microseconds wait, const Sink& sink) {
  if (threads_.empty()) {
    if (started_.empty()) std::this_thread::sleep_for(wait);
    return poll_directly(sink);
  }
  std::vector<Ended> ended;
  {
    const MutexLock lock(mutex_);
    todo_.insert(todo_.end(), started_.begin(), started_.end());
    if (!started_.empty()) work_to_do_.notify_all();
    started_.clear();
    const auto until = SteadyClock::now() + wait;
    while (ended_.empty() && work_done_.wait_until(mutex_, until)) {
    }
    ended.swap(ended_);
    ended_bytes_ = 0;
  }
  if (!ended.empty()) work_to_do_.notify_all();  // there is room again
  for (auto& [job, attempt] : ended) EC_TRY(sink(*job, std::move(attempt)));
  return {};
}

Status BlockingTransport::poll_directly(const Sink& sink) {
  const auto started = std::exchange(started_, {});
  for (auto* job : started) {
    const auto before = SteadyClock::now();
    auto attempt = reader_->read(*job->bucket, job->object.key);
    direct_time_ += SteadyClock::now() - before;
    ++direct_reads_;
    EC_TRY(sink(*job, std::move(attempt)));
  }
  if (direct_reads_ < kReadsToJudge) return {};
  if (direct_time_ > direct_reads_ * kSlowRead) start_threads(options_.threads_when_slow);
  direct_reads_ = 0;
  direct_time_ = {};
  return {};
}

void BlockingTransport::start_threads(int count) {
  for (int i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
}

void BlockingTransport::abandon() {
  started_.clear();
  const MutexLock lock(mutex_);
  todo_.clear();
  while (busy_ != 0) work_done_.wait(mutex_);
  ended_.clear();
  ended_bytes_ = 0;
}

void BlockingTransport::work() {
  std::vector<Job*> mine;
  std::vector<Ended> ended;
  MutexLock lock(mutex_);
  while (true) {
    while (!quit_ && (todo_.empty() || ended_bytes_ >= options_.max_bytes_in_flight)) work_to_do_.wait(mutex_);
    if (quit_) return;
    const auto count = std::min(options_.at_once, todo_.size());
    mine.assign(todo_.begin(), todo_.begin() + static_cast<std::ptrdiff_t>(count));
    todo_.erase(todo_.begin(), todo_.begin() + static_cast<std::ptrdiff_t>(count));
    ++busy_;
    lock.unlock();
    for (auto* job : mine) ended.emplace_back(job, reader_->read(*job->bucket, job->object.key));
    lock.lock();
    --busy_;
    for (auto& [job, attempt] : ended) {
      ended_bytes_ += static_cast<std::int64_t>(attempt.body.size());
      ended_.emplace_back(job, std::move(attempt));
    }
    ended.clear();
    work_done_.notify_one();
  }
}

}  // namespace earthcatalog::fetch
