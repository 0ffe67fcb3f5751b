#include "earthcatalog/generate/generate.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>

#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/generate/in_order.h"
#include "earthcatalog/generate/inventory_writer.h"

namespace earthcatalog::generate {
namespace {

constexpr std::int64_t kBlockItems = 256;
constexpr int kBucketWriters = 32;

struct Place {
  InventoryPlace inventory;
  std::string object_prefix;  // of keys in the store
  std::string source_root;
  bool is_bucket = false;
};

// What one block of items came to.
struct Block {
  std::vector<InventoryRow> rows;
  std::int64_t items = 0, objects = 0, bytes = 0, smallest = INT64_MAX, largest = 0;
};

Status check(const GenerateOptions& options) {
  if (options.items < 0 || options.start < 0)
    return fail(ErrorKind::kInvalidArgument, "items and start cannot be negative");
  if (options.duplicate_every < 0 || options.item.odd_every < 0) {
    return fail(ErrorKind::kInvalidArgument, "every how many items cannot be negative");
  }
  if (options.sidecar_rows < 0 || options.sidecar_rows > 100) {
    return fail(ErrorKind::kInvalidArgument, "sidecar rows: expected 0 to 100, got {}", options.sidecar_rows);
  }
  if (options.manifest_part_rows < 1) return fail(ErrorKind::kInvalidArgument, "a part needs at least one row");
  if (options.bucket.empty() || options.bucket.find('/') != std::string::npos) {
    return fail(ErrorKind::kInvalidArgument, "'{}' cannot be a bucket's name", options.bucket);
  }
  return {};
}

Result<Place> find_place(storage::Stores& stores, const GenerateOptions& options) {
  EC_ASSIGN_OR_RETURN(storage::Location at, stores.locate(options.out));
  EC_ASSIGN_OR_RETURN(const std::string uri, storage::normalize_uri(options.out));
  if (!at.key.empty() && !at.key.ends_with('/')) at.key += '/';
  Place place{.inventory = {.store = at.store, .prefix = at.key, .bucket = options.bucket},
              .object_prefix = at.key + options.bucket + "/",
              .source_root = uri,
              .is_bucket = !uri.starts_with("file://") && !uri.starts_with("memory://")};
  if (place.is_bucket) {
    const std::size_t begin = uri.find("://") + 3;
    place.inventory.bucket = uri.substr(begin, uri.find('/', begin) - begin);
    place.object_prefix = at.key;
    place.source_root = uri.substr(0, begin);
  }
  return place;
}

Result<std::vector<std::unique_ptr<InventoryWriter>>> make_writers(const InventoryPlace& place,
                                                                   const GenerateOptions& options) {
  std::vector<std::unique_ptr<InventoryWriter>> writers;
  const auto add = [&](bool wanted, auto make) -> Status {
    if (!wanted) return {};
    EC_ASSIGN_OR_RETURN(auto writer, make());
    writers.push_back(std::move(writer));
    return {};
  };
  EC_TRY(add(options.inventories.csv, [&] { return make_csv_writer(place); }));
  EC_TRY(add(options.inventories.csv_gz, [&] { return make_aws_csv_writer(place); }));
  EC_TRY(add(options.inventories.parquet, [&] { return make_parquet_writer(place); }));
  EC_TRY(add(options.inventories.manifest, [&] { return make_manifest_writer(place, options.manifest_part_rows); }));
  return writers;
}

/// Makes the blocks of items, each by itself.
class BlockMaker {
 public:
  BlockMaker(const GenerateOptions& options, const Place& place) : options_(options), place_(place) {}

  Result<Block> make(std::int64_t number) const {
    Block block;
    std::string json;
    const std::int64_t first = options_.start + number * kBlockItems;
    const std::int64_t end = std::min(first + kBlockItems, options_.start + options_.items);
    for (std::int64_t i = first; i < end; ++i) {
      Item item = make_item(i, options_.item);
      const TimeMicros modified = options_.last_modified + 7 * i * kMicrosPerSecond;
      ++block.items;
      EC_TRY(write(item, modified, json, block));
      add_sidecars(item, modified, block);
      if (options_.duplicate_every > 0 && i % options_.duplicate_every == 0) {
        EC_TRY(write(reprocessed(std::move(item)), modified + 3 * kMicrosPerSecond, json, block));
      }
    }
    return block;
  }

 private:
  // A listing of the objects is to say the same as the inventories: a file gets their time, and they get a bucket's.
  Status agree_on_time(const std::string& key, TimeMicros& modified) const {
    const auto uri = place_.inventory.store->uri(key);
    if (uri.starts_with("file://")) {
      const timespec time{.tv_sec = modified / kMicrosPerSecond, .tv_nsec = modified % kMicrosPerSecond * 1000};
      const std::array times{time, time};
      if (utimensat(AT_FDCWD, uri.c_str() + std::string_view("file://").size(), times.data(), 0) == 0) return {};
      return fail(ErrorKind::kIOError, "{}: its time cannot be set: {}", uri, std::strerror(errno));
    }
    if (!place_.is_bucket) return {};
    EC_ASSIGN_OR_RETURN(const auto found, place_.inventory.store->head(key));
    if (found && found->last_modified) modified = *found->last_modified;
    return {};
  }

  Status write(const Item& item, TimeMicros modified, std::string& json, Block& block) const {
    json.clear();
    append_json(item, options_.item, json);
    const std::string key = place_.object_prefix + item.key;
    if (options_.write_objects) {
      EC_TRY(place_.inventory.store->put(key, json));
      EC_TRY(agree_on_time(key, modified));
    }
    const auto size = static_cast<std::int64_t>(json.size());
    ++block.objects;
    block.bytes += size;
    block.smallest = std::min(block.smallest, size);
    block.largest = std::max(block.largest, size);
    block.rows.push_back({place_.is_bucket ? key : item.key, size, modified});
    return {};
  }

  void add_sidecars(const Item& item, TimeMicros modified, Block& block) const {
    constexpr std::string_view kEndings[] = {".nc", ".png", "_thumb.png"};
    const std::string folder = place_.is_bucket ? place_.object_prefix + item.folder : item.folder;
    for (int i = 0; i < options_.sidecar_rows; ++i) {
      const auto ending = kEndings[static_cast<std::size_t>(i) % std::size(kEndings)];
      const std::string copy = i < 3 ? "" : fmt::format("_{}", i / 3);
      block.rows.push_back({fmt::format("{}/{}{}{}", folder, item.id, copy, ending), 1'000'000 + i, modified});
    }
  }

  const GenerateOptions& options_;
  const Place& place_;
};

void add(GenerateReport& report, const Block& block) {
  report.smallest_bytes = report.objects == 0 ? block.smallest : std::min(report.smallest_bytes, block.smallest);
  report.largest_bytes = std::max(report.largest_bytes, block.largest);
  report.items += block.items;
  report.objects += block.objects;
  report.inventory_rows += static_cast<std::int64_t>(block.rows.size());
  report.bytes += block.bytes;
}

int writers_of(const GenerateOptions& options, const Place& place) {
  if (options.writers > 0) return options.writers;
  if (place.is_bucket && options.write_objects) return kBucketWriters;
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace

Result<GenerateReport> generate(storage::Stores& stores, const GenerateOptions& options) {
  const Stopwatch time;
  EC_TRY(check(options));
  EC_ASSIGN_OR_RETURN(const Place place, find_place(stores, options));
  EC_ASSIGN_OR_RETURN(auto writers, make_writers(place.inventory, options));
  GenerateReport report;
  report.source_root = place.source_root;
  const BlockMaker maker(options, place);
  const std::int64_t blocks = (options.items + kBlockItems - 1) / kBlockItems;
  ProgressMeter meter(options.hooks.progress, {.total = options.items, .stage = "generate"});
  const auto take = [&](const Block& block) -> Status {
    if (options.hooks.stopping()) return fail(ErrorKind::kCancelled, "stopped");
    for (const auto& writer : writers) EC_TRY(writer->add(block.rows));
    add(report, block);
    meter.add(block.items);
    return {};
  };
  EC_TRY(in_order<Block>(blocks, writers_of(options, place), std::bind_front(&BlockMaker::make, &maker), take));
  for (const auto& writer : writers) {
    EC_ASSIGN_OR_RETURN(std::string uri, writer->finish());
    report.inventories.push_back(std::move(uri));
  }
  report.seconds = time.seconds();
  return report;
}

}  // namespace earthcatalog::generate
