// Tries by blocking reads, in a few threads of its own, or in the calling one.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/fetch/reader.h"
#include "earthcatalog/fetch/transport.h"

namespace earthcatalog::fetch {

struct BlockingOptions {
  int threads = 0;            ///< 0: reads happen in poll(), on the calling thread
  int threads_when_slow = 0;  ///< started once reads on the calling thread turn out slow; 0: never
  std::size_t at_once = 1;    ///< jobs that a thread takes at a time: more for quick reads, one for slow ones
  std::int64_t max_bytes_in_flight =
      kDefaultBytesInFlight;  ///< of bodies read and not taken; one a thread may come on top
  std::string root_uri = {};  ///< for messages
};

class BlockingTransport : public Transport {
 public:
  BlockingTransport(std::unique_ptr<Reader> reader, BlockingOptions options);
  ~BlockingTransport() override;

  Status open(Bucket& bucket) override { return reader_->open(bucket); }
  std::string uri(const Bucket& bucket, std::string_view key) const override;
  bool has_room() const override { return true; }  // the threads wait instead
  Status start(Job& job) override;
  Status poll(std::chrono::microseconds wait, const Sink& sink) override;
  void abandon() override;

 private:
  using Ended = std::pair<Job*, Attempt>;

  void start_threads(int count);
  void work();
  Status poll_directly(const Sink& sink);

  std::unique_ptr<Reader> reader_;
  BlockingOptions options_;
  std::vector<Job*> started_;  ///< not yet given to the threads
  std::size_t direct_reads_ = 0;
  SteadyClock::duration direct_time_{};

  Mutex mutex_;
  CondVar work_to_do_, work_done_;
  std::deque<Job*> todo_ EC_GUARDED_BY(mutex_);
  std::vector<Ended> ended_ EC_GUARDED_BY(mutex_);
  std::int64_t ended_bytes_ EC_GUARDED_BY(mutex_) = 0;
  int busy_ EC_GUARDED_BY(mutex_) = 0;  ///< threads that hold jobs
  bool quit_ EC_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace earthcatalog::fetch
