#include "earthcatalog/fetch/fetcher.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/fetch/blocking_transport.h"
#include "earthcatalog/fetch/http_transport.h"
#include "earthcatalog/fetch/run.h"

namespace earthcatalog::fetch {
namespace {

Result<std::unique_ptr<Transport>> make_transport(storage::Stores& stores, const FetchOptions& options) {
  const std::string_view root = options.source_root;
  if (root.starts_with("s3://")) return std::make_unique<HttpTransport>(stores, options);
  BlockingOptions blocking{.max_bytes_in_flight = options.max_bytes_in_flight, .root_uri = options.source_root};
  const bool is_local = root.starts_with("file:/") || root.find("://") == root.npos;
  if (is_local) {
    EC_ASSIGN_OR_RETURN(const auto folder, stores.locate(root));
    blocking.threads_when_slow = std::min(options.concurrency, 16);
    EC_ASSIGN_OR_RETURN(auto reader, make_file_reader("/" + folder.key, options.max_object_bytes));
    return std::make_unique<BlockingTransport>(std::move(reader), std::move(blocking));
  }
  blocking.threads = std::min(options.concurrency, 32);
  auto reader = make_store_reader(stores, options.source_root, options.max_object_bytes);
  return std::make_unique<BlockingTransport>(std::move(reader), std::move(blocking));
}

}  // namespace

class Fetcher::Impl {
 public:
  Impl(storage::Stores& stores, FetchOptions options) : stores_(stores), options_(std::move(options)) {
    options_.concurrency = std::max(1, options_.concurrency);
    counters_.concurrency = options_.concurrency;
  }

  Status run(const Run::Next& next, const Run::Done& done, const std::atomic<bool>& stop) {
    if (!run_) {
      EC_ASSIGN_OR_RETURN(transport_, make_transport(stores_, options_));
      run_ = std::make_unique<Run>(*transport_, options_, counters_, stores_.settings().event);
    }
    return run_->go(next, done, stop);
  }

  std::optional<RetryWait> waiting() const { return counters_.waiting.get(); }

  FetchCounters counters() const {
    return {.requests = counters_.requests,
            .retries = counters_.retries,
            .bytes = counters_.bytes,
            .concurrency = counters_.concurrency};
  }

 private:
  storage::Stores& stores_;
  FetchOptions options_;
  AtomicCounters counters_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Run> run_;
};

Fetcher::Fetcher(storage::Stores& stores, FetchOptions options)
    : impl_(std::make_unique<Impl>(stores, std::move(options))) {}
Fetcher::~Fetcher() = default;

Status Fetcher::run(const std::function<Result<Pull>(Work&)>& next, const std::function<Status(Fetched&&)>& done,
                    const std::atomic<bool>& stop) {
  return impl_->run(next, done, stop);
}

FetchCounters Fetcher::counters() const { return impl_->counters(); }

std::optional<RetryWait> Fetcher::waiting() const { return impl_->waiting(); }

}  // namespace earthcatalog::fetch
