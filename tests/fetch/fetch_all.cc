#include "fetch/fetch_all.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace earthcatalog::fetch {

int Outcomes::count(Outcome outcome) const {
  return static_cast<int>(
      std::ranges::count_if(by_key, [&](const auto& item) { return item.second.outcome == outcome; }));
}

FetchOptions quick_options() {
  FetchOptions options;
  options.concurrency = 16;
  options.backoff_base_seconds = 0.01;
  options.give_up_seconds = 10;
  options.stall_seconds = 1;
  options.connect_seconds = 5;
  return options;
}

storage::StorageSettings settings_for(const ScriptServer& server) {
  storage::StorageSettings settings;
  settings.s3.endpoint = server.endpoint();
  settings.s3.anonymous = true;
  settings.s3.path_style = storage::PathStyle::kPath;
  return settings;
}

storage::StorageSettings signed_settings_for(const ScriptServer& server) {
  auto settings = settings_for(server);
  settings.s3.anonymous.reset();
  settings.s3.access_key = "key";
  settings.s3.secret_key = "secret";
  return settings;
}

storage::ObjectRef object(std::string bucket, std::string key) {
  storage::ObjectRef result;
  result.bucket = std::move(bucket);
  result.key = std::move(key);
  return result;
}

std::vector<storage::ObjectRef> objects(const std::string& bucket, int count) {
  std::vector<storage::ObjectRef> result;
  for (int i = 0; i < count; ++i) result.push_back(object(bucket, fmt::format("k{}", i)));
  return result;
}

Outcomes fetch_all(Fetcher& fetcher, const std::vector<storage::ObjectRef>& objects) {
  Outcomes outcomes;
  std::size_t given = 0;
  const auto next = [&](Fetcher::Work& work) -> Result<Fetcher::Pull> {
    if (given == objects.size()) return Fetcher::Pull::kEnd;
    work = {.object = objects[given], .tag = given};
    ++given;
    return Fetcher::Pull::kWork;
  };
  const auto done = [&](Fetched&& fetched) -> Status {
    auto name = fetched.object.bucket + "/" + fetched.object.key;
    while (outcomes.by_key.contains(name)) name += "#2";
    outcomes.by_key.emplace(std::move(name), std::move(fetched));
    return {};
  };
  const std::atomic<bool> stop = false;
  outcomes.status = fetcher.run(next, done, stop);
  outcomes.counters = fetcher.counters();
  return outcomes;
}

Outcomes fetch_all(const storage::StorageSettings& settings, const FetchOptions& options,
                   const std::vector<storage::ObjectRef>& objects) {
  storage::Stores stores(settings);
  Fetcher fetcher(stores, options);
  return fetch_all(fetcher, objects);
}

}  // namespace earthcatalog::fetch
