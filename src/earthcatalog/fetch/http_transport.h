// Tries over HTTP: hundreds of GETs in flight over kept-alive connections, all driven by the calling thread.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/fetch/event_loop.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/fetch/memory_budget.h"
#include "earthcatalog/fetch/transfer.h"
#include "earthcatalog/fetch/transport.h"

namespace earthcatalog::fetch {

class HttpTransport : public Transport {
 public:
  /// `options.source_root` is "s3://", or "s3://bucket/prefix" when (bucket b, key k) lies at s3://bucket/prefix/b/k.
  HttpTransport(storage::Stores& stores, const FetchOptions& options);
  ~HttpTransport() override;

  Status open(Bucket& bucket) override;
  std::string uri(const Bucket& bucket, std::string_view key) const override;
  bool has_room() const override { return budget_.has_room() && paused_.empty(); }
  Status start(Job& job) override;
  Status poll(std::chrono::microseconds wait, const Sink& sink) override;
  void abandon() override;

 private:
  Result<bool> collect(const Sink& sink);
  Transfer& free_transfer();
  void resume_paused();

  storage::Stores& stores_;
  FetchOptions options_;
  MemoryBudget budget_;
  EventLoop loop_;
  std::vector<std::unique_ptr<Transfer>> transfers_;
  std::vector<Transfer*> free_;
  std::deque<Transfer*> paused_;  ///< for lack of room, the first to go on in front
};

}  // namespace earthcatalog::fetch
