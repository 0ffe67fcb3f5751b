#include "earthcatalog/inventory/diff/inventory_run.h"

#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "earthcatalog/base/bounded_queue.h"

namespace earthcatalog::inventory {
namespace {

using Batch = std::vector<storage::ObjectRef>;

constexpr std::size_t kBatchObjects = 4096, kBatchesAhead = 2;

class ReadAhead final : public InventoryRun {
 public:
  ReadAhead(std::unique_ptr<Inventory> inventory, std::string uri)
      : uri_(std::move(uri)), inventory_(std::move(inventory)), thread_([this] { read(); }) {}
  ~ReadAhead() override { batches_.close(); }

  Result<bool> next(extsort::SortedObject& object) override {
    while (at_ == batch_.size()) {
      EC_ASSIGN_OR_RETURN(const bool more, next_batch());
      if (!more) return false;
    }
    const storage::ObjectRef& ref = batch_[at_++];
    std::swap(name_, before_);
    name_.assign(ref.bucket).append(1, '\0').append(ref.key);
    out_of_order_ = name_ < before_;
    if (out_of_order_) return fail(ErrorKind::kInvalidData, "{}: the key '{}' is not in order", uri_, ref.key);
    object = {.name = name_, .etag = ref.etag, .last_modified = ref.last_modified, .size_bytes = ref.size_bytes};
    return true;
  }

  bool out_of_order() const override { return out_of_order_; }

 private:
  // On the thread.
  void read() {
    for (bool more = true; more;) {
      Batch batch = used_.try_pop().value_or(Batch());
      auto status = inventory_->next(batch, kBatchObjects);
      more = status && !batch.empty();
      if (!batches_.push(status ? Result<Batch>(std::move(batch)) : std::unexpected(std::move(status).error()))) return;
    }
  }

  Result<bool> next_batch() {
    if (ended_) return false;
    if (!batch_.empty()) used_.push(std::exchange(batch_, {}));
    at_ = 0;
    auto batch = batches_.pop();
    EC_ASSIGN_OR_RETURN(batch_, annotate(*std::move(batch), "reading the inventory"));
    ended_ = batch_.empty();
    return !ended_;
  }

  const std::string uri_;
  const std::unique_ptr<Inventory> inventory_;
  BoundedQueue<Result<Batch>> batches_{kBatchesAhead};
  BoundedQueue<Batch> used_{kBatchesAhead + 3};  // to be filled again: never full, as there are no more batches
  Batch batch_;
  std::size_t at_ = 0;
  std::string name_, before_;
  bool ended_ = false, out_of_order_ = false;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace

Result<std::unique_ptr<InventoryRun>> InventoryRun::open(storage::Stores& stores, const std::string& uri,
                                                         const InventoryOptions& options) {
  EC_ASSIGN_OR_RETURN(auto inventory, open_inventory(stores, uri, options));
  return std::make_unique<ReadAhead>(std::move(inventory), uri);
}

}  // namespace earthcatalog::inventory
