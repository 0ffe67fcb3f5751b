// fetch_only INVENTORY [CONCURRENCY]: fetches every item of an inventory and throws the bodies away. What a whole run
// can at best take. S3 settings come from the environment, as for the earthcatalog program.
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <vector>

#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/cli/runtime.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/storage/aws/credentials.h"

namespace {

using namespace earthcatalog;

Status fetch_all(const char* inventory_uri, int concurrency, const char* source_root) {
  EC_ASSIGN_OR_RETURN(const auto settings, config::storage_settings({}, cli::process_environment));
  storage::Stores stores(settings);
  inventory::InventoryOptions options;
  options.source_root = source_root;
  EC_ASSIGN_OR_RETURN(const auto inventory, inventory::open_inventory(stores, inventory_uri, options));
  std::vector<storage::ObjectRef> batch;
  std::size_t position = 0;
  std::int64_t fetched = 0;
  fetch::FetchOptions fetch_options;
  fetch_options.concurrency = concurrency;
  fetch_options.source_root = source_root;
  fetch::Fetcher fetcher(stores, fetch_options);
  const auto next = [&](fetch::Fetcher::Work& work) -> Result<fetch::Fetcher::Pull> {
    if (position == batch.size()) {
      EC_TRY(inventory->next(batch, 20'000));
      position = 0;
      if (batch.empty()) return fetch::Fetcher::Pull::kEnd;
    }
    work.object = batch[position++];
    return fetch::Fetcher::Pull::kWork;
  };
  const auto done = [&](fetch::Fetched&& result) -> Status {
    fetched += result.outcome == fetch::Outcome::kFetched ? 1 : 0;
    return {};
  };
  EC_TRY(fetcher.run(next, done, cli::stop_requested()));
  fmt::print("{} objects, {} bytes\n", fetched, fetcher.counters().bytes);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const storage::S3Runtime s3_runtime;
  if (argc < 2) {
    fmt::print(stderr, "usage: fetch_only INVENTORY [CONCURRENCY [SOURCE_ROOT]]\n");
    return 2;
  }
  const auto status = fetch_all(argv[1], argc > 2 ? std::atoi(argv[2]) : 256, argc > 3 ? argv[3] : "s3://");
  if (!status) fmt::print(stderr, "fetch_only: {}\n", status.error().message);
  return status ? 0 : 1;
}
