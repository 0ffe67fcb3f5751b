// An object on its way through the tries, and the bucket it lies in.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/fetch/attempt.h"
#include "earthcatalog/fetch/concurrency_limit.h"
#include "earthcatalog/storage/object_ref.h"
#include "earthcatalog/storage/s3/s3_request.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::fetch {

struct Job;

struct Bucket {
  Bucket(std::string name_, int most) : name(std::move(name_)), limit(most) {}

  std::string name;
  std::shared_ptr<storage::S3Bucket> s3;        ///< when the bucket is reached over HTTP
  std::shared_ptr<storage::ObjectStore> store;  ///< when it is reached through a store
  std::string prefix;                           ///< of every key, within what s3 or store stand for

  ConcurrencyLimit limit;
  int in_flight = 0;
  std::deque<Job*> ready;  ///< to be started as soon as the limit permits
  bool queued = false;     ///< is on the run's list of buckets with ready jobs
  bool answered = false;   ///< some request was neither refused nor failed
  bool proven = false;     ///< an object was readable: a refusal says something of its object alone
  struct Refusal {
    Job* job;
    Attempt attempt;
  };
  std::vector<Refusal> refusals;  ///< held until the bucket is proven or found closed
};

struct Job {
  storage::ObjectRef object;
  std::uint64_t tag = 0;
  Bucket* bucket = nullptr;
  int tries = 0;
  int recoveries = 0;  ///< repetitions at once, with other credentials or in another region
  SteadyTime first{};  ///< when the first try began
  SteadyTime began{};  ///< when the current one did
  SteadyTime due{};    ///< when the next one may
  SteadyTime deadline{};
};

}  // namespace earthcatalog::fetch
