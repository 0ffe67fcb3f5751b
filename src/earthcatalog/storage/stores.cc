#include "earthcatalog/storage/stores.h"

#include <arrow/io/type_fwd.h>
#include <arrow/status.h>

#include <algorithm>

#include "earthcatalog/storage/arrow_store.h"
#include "earthcatalog/storage/aws/credentials.h"
#include "earthcatalog/storage/http/trust.h"
#include "earthcatalog/storage/local/local_store.h"
#include "earthcatalog/storage/memory_store.h"
#include "earthcatalog/storage/s3/s3_request.h"
#include "earthcatalog/storage/s3/s3_store.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::storage {
namespace {

// Arrow reads ahead on threads of its own, 8 for the process: too few where each waits for an answer.
void widen_arrow_io(int threads) {
  if (threads > arrow::io::GetIOThreadPoolCapacity()) (void)arrow::io::SetIOThreadPoolCapacity(threads);
}

}  // namespace

Stores::Stores(StorageSettings settings)
    : settings_(std::move(settings)),
      slots_(std::make_shared<RequestSlots>(std::max(1, settings_.io_concurrency))),
      trust_(std::make_shared<Trust>(settings_.ca_bundle ? *settings_.ca_bundle : Trust::system_bundle())) {
  if (!settings_.chain) settings_.chain = make_aws_chain();
}

Stores::~Stores() = default;

Parallel Stores::parallel(std::size_t computing, std::int64_t bytes) const {
  return {.computing = computing,
          .under_way = static_cast<std::size_t>(std::max(1, settings_.io_concurrency)),
          .bytes = bytes};
}

Result<Location> Stores::locate(std::string_view uri) {
  EC_ASSIGN_OR_RETURN(ParsedUri parsed, parse_uri(uri));
  const std::string root = fmt::format("{}://{}", parsed.scheme, parsed.authority);
  const MutexLock lock(mutex_);
  auto& store = stores_[root];
  if (!store) {
    EC_ASSIGN_OR_RETURN(store, open_store(parsed.scheme, parsed.authority));
  }
  return Location{.store = store, .key = std::move(parsed.path)};
}

Result<std::shared_ptr<ObjectStore>> Stores::open_store(const std::string& scheme, const std::string& authority) {
  if (scheme == "file") return std::make_shared<LocalStore>("/");
  if (scheme == "s3") {
    widen_arrow_io(settings_.io_concurrency);
    EC_ASSIGN_OR_RETURN(auto bucket, bucket_with_lock(authority));
    return std::make_shared<S3Store>(authority, std::move(bucket),
                                     S3Options{.http = {.slots = slots_, .trust = trust_}, .event = settings_.event});
  }
  if (scheme == "gs" || scheme == "gcs" || scheme == "abfs" || scheme == "abfss") {
    return open_arrow_store(fmt::format("{}://{}", scheme, authority));
  }
  if (scheme == "memory") return std::make_shared<MemoryStore>(authority);
  return fail(
      ErrorKind::kInvalidArgument,
      "'{}://' is not a known kind of place; known are local paths, file://, s3://, gs://, abfs:// and memory://",
      scheme);
}

void Stores::replace(std::string root, std::shared_ptr<ObjectStore> store) {
  const MutexLock lock(mutex_);
  stores_.insert_or_assign(std::move(root), std::move(store));
}

Result<std::shared_ptr<S3Bucket>> Stores::s3_bucket(std::string_view bucket) {
  const MutexLock lock(mutex_);
  return bucket_with_lock(bucket);
}

Result<std::shared_ptr<S3Bucket>> Stores::bucket_with_lock(std::string_view bucket) {
  if (const auto found = buckets_.find(bucket); found != buckets_.end()) return found->second;
  EC_ASSIGN_OR_RETURN(auto made, S3Bucket::make(std::string(bucket), settings_));
  buckets_.emplace(bucket, made);
  return made;
}

}  // namespace earthcatalog::storage
