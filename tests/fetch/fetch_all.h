// Runs a Fetcher over a list of objects and keeps what it hands out.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "earthcatalog/fetch/fetcher.h"
#include "support/script_server.h"

namespace earthcatalog::fetch {

using testing_support::s3_error_body;
using testing_support::ScriptReply;
using testing_support::ScriptRequest;
using testing_support::ScriptServer;

struct Outcomes {
  Status status;
  std::map<std::string, Fetched> by_key;  ///< "bucket/key", and "#2" behind it when it was handed out again
  FetchCounters counters;

  int count(Outcome outcome) const;
  const Fetched& at(const std::string& name) const { return by_key.at(name); }
};

/// Quick retries, so that tests of giving up take a second.
FetchOptions quick_options();

/// Unsigned, path style, at `server`.
storage::StorageSettings settings_for(const ScriptServer& server);
/// Signed with a made-up key, or unsigned when that is refused.
storage::StorageSettings signed_settings_for(const ScriptServer& server);

storage::ObjectRef object(std::string bucket, std::string key);
std::vector<storage::ObjectRef> objects(const std::string& bucket, int count);

Outcomes fetch_all(const storage::StorageSettings& settings, const FetchOptions& options,
                   const std::vector<storage::ObjectRef>& objects);
Outcomes fetch_all(Fetcher& fetcher, const std::vector<storage::ObjectRef>& objects);

}  // namespace earthcatalog::fetch
