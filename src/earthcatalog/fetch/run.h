// Carries each object from the moment it is pulled until it is handed out, by the rules of docs/guide/fetch.md,
// whatever transport carries out the tries.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "earthcatalog/base/event.h"
#include "earthcatalog/fetch/access_rule.h"
#include "earthcatalog/fetch/backoff.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/fetch/job.h"
#include "earthcatalog/fetch/transport.h"
#include "earthcatalog/fetch/waiting.h"

namespace earthcatalog::fetch {

struct AtomicCounters {
  std::atomic<std::uint64_t> requests{0}, retries{0}, bytes{0};
  std::atomic<int> concurrency{0};
  WaitingBoard waiting;
};

/// Keeps buckets (what is known of access and throttling) from one go() to the next. Not thread-safe.
class Run {
 public:
  using Next = std::function<Result<Fetcher::Pull>(Fetcher::Work&)>;
  using Done = std::function<Status(Fetched&&)>;

  Run(Transport& transport, const FetchOptions& options, AtomicCounters& counters, const EventFunction& event);

  /// Fetcher::run.
  Status go(const Next& next, const Done& done, const std::atomic<bool>& stop);

 private:
  struct LaterFirst {
    bool operator()(const Job* a, const Job* b) const { return a->due > b->due; }
  };

  Status work(const std::atomic<bool>& stop);
  Status pull();
  Status admit(Fetcher::Work&& work);
  Result<Bucket*> bucket_of(const std::string& name);
  void enqueue(Job& job, bool in_front);
  void release_due();
  Status start_ready();
  bool may_start(const Bucket& bucket) const;
  Status start(Job& job);
  std::chrono::microseconds idle_time() const;

  Status settle(Job& job, Attempt&& attempt);
  Status on_fetched(Job& job, Attempt&& attempt);
  Status on_refused(Job& job, Attempt&& attempt);
  Status on_stale(Job& job, Attempt&& attempt);
  Status on_failed(Job& job, Attempt&& attempt);
  Status on_no_bucket(Job& job, Attempt&& attempt);
  Status stop_here(const Job& job, const Attempt& attempt, ErrorKind kind) const;
  void slow_down(Bucket& bucket, const Job& job);
  void show_waiting(const Job& job, const Attempt& attempt);
  void show_progress();
  Status conclude_refusals(Bucket& bucket);
  Status deny(Job& job, Attempt&& attempt);
  Status hand_out(Job& job, Outcome outcome, Attempt&& attempt);
  std::string uri_of(const Job& job) const;
  std::string sentence(const Job& job, const Attempt& attempt) const;

  Job& new_job();
  void forget_all();

  Transport& transport_;
  const FetchOptions& options_;
  AtomicCounters& counters_;
  const EventFunction& event_;
  Backoff backoff_;
  AccessRule access_;
  std::map<std::string, std::unique_ptr<Bucket>, std::less<>> buckets_;
  Bucket* last_bucket_ = nullptr;

  std::vector<std::unique_ptr<Job>> jobs_;  ///< all, in use or not
  std::vector<Job*> unused_;
  std::vector<Bucket*> queued_;  ///< buckets with ready jobs
  std::priority_queue<Job*, std::vector<Job*>, LaterFirst> waiting_;
  std::size_t alive_ = 0;
  int in_flight_ = 0;
  bool ended_ = false;
  bool told_to_wait_ = false;
  bool shows_waiting_ = false;
  const Next* next_ = nullptr;
  const Done* done_ = nullptr;
};

}  // namespace earthcatalog::fetch
