#include "earthcatalog/inventory/listing_rows.h"

#include <deque>
#include <thread>
#include <vector>

#include "earthcatalog/base/mutex.h"

namespace earthcatalog::inventory {
namespace {

using storage::Location;
using storage::ObjectInfo;

constexpr std::size_t kBatchObjects = 1024;
constexpr std::size_t kMaxBatches = 8;

// Turns the store's calls into a stream that can be pulled. The producer waits when it is kMaxBatches ahead.
class ListingQueue {
 public:
  // False: nobody reads any more.
  bool push(std::vector<ObjectInfo> batch) {
    const MutexLock lock(mutex_);
    while (!closed_ && batches_.size() >= kMaxBatches) changed_.wait(mutex_);
    if (closed_) return false;
    batches_.push_back(std::move(batch));
    changed_.notify_all();
    return true;
  }
  void finish(Status status) {
    const MutexLock lock(mutex_);
    finished_ = true;
    status_ = std::move(status);
    changed_.notify_all();
  }
  // An empty batch is the end.
  Result<std::vector<ObjectInfo>> pop() {
    const MutexLock lock(mutex_);
    while (!finished_ && batches_.empty()) changed_.wait(mutex_);
    if (!batches_.empty()) {
      auto batch = std::move(batches_.front());
      batches_.pop_front();
      changed_.notify_all();
      return batch;
    }
    if (!status_) return std::unexpected(status_.error());
    return std::vector<ObjectInfo>{};
  }
  void close() {
    const MutexLock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::vector<ObjectInfo>> batches_ EC_GUARDED_BY(mutex_);
  Status status_ EC_GUARDED_BY(mutex_);
  bool finished_ EC_GUARDED_BY(mutex_) = false;
  bool closed_ EC_GUARDED_BY(mutex_) = false;
};

Status list_into(ListingQueue& queue, const Location& at) {
  std::vector<ObjectInfo> batch;
  const auto flush = [&]() -> Status {
    if (!queue.push(std::exchange(batch, {}))) return fail(ErrorKind::kCancelled, "the listing is no longer read");
    return {};
  };
  EC_TRY(at.store->list(at.key, [&](const ObjectInfo& info) -> Status {
    batch.push_back(info);
    return batch.size() < kBatchObjects ? Status{} : flush();
  }));
  return batch.empty() ? Status{} : flush();
}

class ListingRows final : public RowReader {
 public:
  ListingRows(Location at, std::string bucket, std::string root)
      : at_(std::move(at)), bucket_(std::move(bucket)), root_(std::move(root)) {
    thread_ = std::thread([this] { queue_.finish(list_into(queue_, at_)); });
  }
  ~ListingRows() override {
    queue_.close();
    thread_.join();
  }

  Result<bool> next(Row& row) override {
    if (next_ == batch_.size()) {
      auto batch = queue_.pop();
      if (!batch) return std::unexpected(batch.error());
      batch_ = *std::move(batch);
      next_ = 0;
      if (batch_.empty()) return false;
    }
    const ObjectInfo& info = batch_[next_++];
    std::string_view name = std::string_view(info.key).substr(root_.size());
    row = {};
    row.bucket = bucket_;
    if (bucket_.empty()) {
      const auto slash = name.find('/');
      row.bucket = slash == name.npos ? std::string_view{} : name.substr(0, slash);
      name.remove_prefix(slash == name.npos ? 0 : slash + 1);
    }
    row.key = name;
    row.etag = info.etag;
    row.size_bytes = info.size_bytes;
    row.last_modified = info.last_modified;
    return true;
  }

  std::string position() const override { return at_.store->uri(next_ > 0 ? batch_[next_ - 1].key : at_.key); }

 private:
  Location at_;
  std::string bucket_;  // of all objects; empty: the first part of each name
  std::string root_;    // what the store's keys begin with and names do not
  ListingQueue queue_;
  std::vector<ObjectInfo> batch_;
  std::size_t next_ = 0;
  std::thread thread_;
};

}  // namespace

Result<Listing> open_listing_rows(storage::Stores& stores, const Location& at, const std::string& source_root) {
  const std::string uri = at.uri();
  if (source_root.ends_with("://")) {
    if (!uri.starts_with(source_root)) {
      return fail(ErrorKind::kInvalidArgument,
                  "{} is not below the source root {}; give the folder that holds its bucket as `source_root`", uri,
                  source_root);
    }
    const auto bucket = uri.substr(source_root.size(), uri.find('/', source_root.size()) - source_root.size());
    return Listing{.rows = std::make_unique<ListingRows>(at, bucket, ""),
                   .prefix = bucket.empty() ? at.key : bucket + "/" + at.key};
  }
  EC_ASSIGN_OR_RETURN(const Location root, stores.locate(source_root));
  std::string folder = root.key;
  while (folder.ends_with('/')) folder.pop_back();
  if (!folder.empty()) folder += '/';
  if (root.store->uri("") != at.store->uri("") || !at.key.starts_with(folder)) {
    return fail(ErrorKind::kInvalidArgument,
                "{} is not below the source root {}; give the folder that holds its bucket", uri, root.uri());
  }
  return Listing{.rows = std::make_unique<ListingRows>(at, "", folder), .prefix = at.key.substr(folder.size())};
}

}  // namespace earthcatalog::inventory
