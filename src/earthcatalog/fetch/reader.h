// Whole objects by blocking calls: files of a folder, or any store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "earthcatalog/fetch/attempt.h"
#include "earthcatalog/fetch/job.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::fetch {

class Reader {
 public:
  virtual ~Reader() = default;
  /// Makes the bucket known, before any read of it.
  virtual Status open(Bucket& bucket) = 0;
  /// One try. Safe to call from many threads.
  virtual Attempt read(const Bucket& bucket, std::string_view key) const = 0;
};

/// Reads the file `<folder>/<bucket>/<key>`. A key with a component "." or ".." is rejected: it is no name inside the
/// bucket. Symbolic links are followed: whoever made the folder decides what is in it.
Result<std::unique_ptr<Reader>> make_file_reader(const std::string& folder, std::int64_t max_object_bytes);

/// Reads `<root_uri>/<bucket>/<key>` through storage::ObjectStore: memory://, gs://, abfs://.
std::unique_ptr<Reader> make_store_reader(storage::Stores& stores, std::string root_uri, std::int64_t max_object_bytes);

}  // namespace earthcatalog::fetch
