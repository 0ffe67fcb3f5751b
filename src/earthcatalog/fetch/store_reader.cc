#include <utility>

#include "earthcatalog/fetch/reader.h"
#include "earthcatalog/fetch/transport.h"

namespace earthcatalog::fetch {
namespace {

Attempt of_error(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kNotFound:
      return {.verdict = Verdict::kMissing, .kind = "missing", .reason = error.message};
    case ErrorKind::kPermissionDenied:
      return {.verdict = Verdict::kRefused, .kind = "denied", .reason = error.message};
    case ErrorKind::kUnavailable:
      return {.verdict = Verdict::kThrottled, .kind = "throttled", .reason = error.message};
    case ErrorKind::kInvalidArgument:
      return {.verdict = Verdict::kRejected, .kind = "bad_name", .reason = error.message};
    default:
      return {.verdict = Verdict::kLater, .kind = "io_error", .reason = error.message};
  }
}

class StoreReader : public Reader {
 public:
  StoreReader(storage::Stores& stores, std::string root_uri, std::int64_t max_object_bytes)
      : stores_(stores), root_uri_(std::move(root_uri)), max_object_bytes_(max_object_bytes) {}

  Status open(Bucket& bucket) override {
    EC_ASSIGN_OR_RETURN(auto location, stores_.locate(child_uri(root_uri_, bucket.name)));
    bucket.store = std::move(location.store);
    bucket.prefix = location.key.empty() ? "" : location.key + "/";
    return {};
  }

  Attempt read(const Bucket& bucket, std::string_view key) const override {
    const auto name = bucket.prefix + std::string(key);
    auto bytes = bucket.store->get_range(name, 0, max_object_bytes_ + 1);
    if (!bytes) return of_error(bytes.error());
    if (!*bytes) return {.verdict = Verdict::kMissing, .kind = "missing", .reason = "no such object"};
    if (static_cast<std::int64_t>((*bytes)->size()) > max_object_bytes_) {
      return {.verdict = Verdict::kRejected,
              .kind = "too_large",
              .reason = fmt::format("has more than {} bytes (`max_object_size`)", max_object_bytes_)};
    }
    Attempt attempt{.verdict = Verdict::kFetched};
    attempt.body = std::move(**bytes);
    attempt.body.reserve(attempt.body.size() + kSpareBytes);
    return attempt;
  }

 private:
  storage::Stores& stores_;
  std::string root_uri_;
  std::int64_t max_object_bytes_;
};

}  // namespace

std::unique_ptr<Reader> make_store_reader(storage::Stores& stores, std::string root_uri,
                                          std::int64_t max_object_bytes) {
  return std::make_unique<StoreReader>(stores, std::move(root_uri), max_object_bytes);
}

}  // namespace earthcatalog::fetch
