#include "earthcatalog/fetch/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace earthcatalog::fetch {
namespace {

using std::chrono::duration;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr microseconds kIdle = milliseconds(50);       // how late `stop` may be noticed
constexpr microseconds kPushedBack = milliseconds(1);  // how soon `next` is asked again
constexpr int kMostBeforeFirstAnswer = 16;             // requests to a bucket of which nothing is known yet
constexpr std::size_t kMostAlive = 1024;  // objects that wait for a retry included: what push-back cannot stop

bool is_bucket_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of(std::string_view("/\0", 2)) == name.npos;
}

}  // namespace

Run::Run(Transport& transport, const FetchOptions& options, AtomicCounters& counters, const EventFunction& event)
    : transport_(transport),
      options_(options),
      counters_(counters),
      event_(event),
      backoff_(options.backoff_base_seconds, options.seed) {
  counters_.concurrency = options.concurrency;
}

Status Run::go(const Next& next, const Done& done, const std::atomic<bool>& stop) {
  next_ = &next;
  done_ = &done;
  ended_ = false;
  auto status = work(stop);
  forget_all();
  show_progress();
  return status;
}

Status Run::work(const std::atomic<bool>& stop) {
  const Transport::Sink sink = [this](Job& job, Attempt&& attempt) { return settle(job, std::move(attempt)); };
  while (true) {
    if (stop.load(std::memory_order_relaxed)) return fail(ErrorKind::kCancelled, "fetching was stopped");
    release_due();
    EC_TRY(start_ready());
    EC_TRY(pull());
    if (ended_ && alive_ == 0) return {};
    EC_TRY(transport_.poll(idle_time(), sink));
  }
}

// An object of a bucket that may start nothing now is put aside, so that it does not hold up those of other buckets.
Status Run::pull() {
  told_to_wait_ = false;
  const auto most_alive = std::max(kMostAlive, static_cast<std::size_t>(options_.concurrency) * 2);
  while (!ended_ && in_flight_ < options_.concurrency && alive_ < most_alive && transport_.has_room()) {
    Fetcher::Work work;
    EC_ASSIGN_OR_RETURN(const auto pull, (*next_)(work));
    if (pull == Fetcher::Pull::kEnd) ended_ = true;
    if (pull == Fetcher::Pull::kWait) told_to_wait_ = true;
    if (pull != Fetcher::Pull::kWork) break;
    EC_TRY(admit(std::move(work)));
  }
  return {};
}

Status Run::admit(Fetcher::Work&& work) {
  auto& job = new_job();
  job.object = std::move(work.object);
  job.tag = work.tag;
  if (!is_bucket_name(job.object.bucket) || job.object.key.empty()) {
    return hand_out(job, Outcome::kRejected,
                    {.kind = "bad_name", .reason = "no object can have this name; correct the inventory"});
  }
  EC_ASSIGN_OR_RETURN(job.bucket, bucket_of(job.object.bucket));
  if (may_start(*job.bucket)) return start(job);
  enqueue(job, false);
  return {};
}

Result<Bucket*> Run::bucket_of(const std::string& name) {
  if (last_bucket_ != nullptr && last_bucket_->name == name) return last_bucket_;
  auto found = buckets_.find(name);
  if (found == buckets_.end()) {
    auto bucket = std::make_unique<Bucket>(name, options_.concurrency);
    EC_TRY(annotate(transport_.open(*bucket), fmt::format("opening bucket '{}'", name)));
    bucket->proven = bucket->s3 && bucket->s3->gave_an_object;
    found = buckets_.emplace(name, std::move(bucket)).first;
  }
  return last_bucket_ = found->second.get();
}

void Run::enqueue(Job& job, bool in_front) {
  auto& bucket = *job.bucket;
  if (in_front) {
    bucket.ready.push_front(&job);
  } else {
    bucket.ready.push_back(&job);
  }
  if (!std::exchange(bucket.queued, true)) queued_.push_back(&bucket);
}

void Run::release_due() {
  if (waiting_.empty()) return;
  const auto now = SteadyClock::now();
  while (!waiting_.empty() && waiting_.top()->due <= now) {
    enqueue(*waiting_.top(), true);
    waiting_.pop();
  }
}

Status Run::start_ready() {
  for (auto* bucket : queued_) {
    while (!bucket->ready.empty() && may_start(*bucket)) {
      auto& job = *bucket->ready.front();
      bucket->ready.pop_front();
      EC_TRY(start(job));
    }
    bucket->queued = !bucket->ready.empty();
  }
  std::erase_if(queued_, [](const Bucket* bucket) { return !bucket->queued; });
  if (queued_.size() > 1) std::ranges::rotate(queued_, queued_.begin() + 1);  // nobody is always the last
  return {};
}

bool Run::may_start(const Bucket& bucket) const {
  const int most = bucket.answered ? bucket.limit.value() : std::min(bucket.limit.value(), kMostBeforeFirstAnswer);
  return bucket.in_flight < most && bucket.refusals.empty() && in_flight_ < options_.concurrency &&
         transport_.has_room();
}

Status Run::start(Job& job) {
  job.began = SteadyClock::now();
  if (job.tries == 0) {
    job.first = job.began;
    job.deadline = job.first + duration_cast<SteadyClock::duration>(duration<double>(options_.give_up_seconds));
  }
  ++job.tries;
  ++job.bucket->in_flight;
  ++in_flight_;
  counters_.requests.fetch_add(1, std::memory_order_relaxed);
  if (job.tries > 1) counters_.retries.fetch_add(1, std::memory_order_relaxed);
  return annotate(transport_.start(job), transport_.uri(*job.bucket, job.object.key));
}

microseconds Run::idle_time() const {
  auto wait = told_to_wait_ ? kPushedBack : kIdle;
  if (!waiting_.empty()) {
    wait = std::min(wait, std::chrono::ceil<microseconds>(waiting_.top()->due - SteadyClock::now()));
  }
  return std::max(wait, microseconds(0));
}

Job& Run::new_job() {
  if (unused_.empty()) {
    jobs_.push_back(std::make_unique<Job>());
    unused_.push_back(jobs_.back().get());
  }
  auto& job = *unused_.back();
  unused_.pop_back();
  job = Job{};
  ++alive_;
  return job;
}

void Run::forget_all() {
  if (alive_ == 0 && in_flight_ == 0) return;
  transport_.abandon();
  for (auto& [name, bucket] : buckets_) {
    bucket->ready.clear();
    bucket->refusals.clear();
    bucket->queued = false;
    bucket->in_flight = 0;
  }
  queued_.clear();
  waiting_ = {};
  unused_.clear();
  for (auto& job : jobs_) unused_.push_back(job.get());
  alive_ = 0;
  in_flight_ = 0;
}

}  // namespace earthcatalog::fetch
