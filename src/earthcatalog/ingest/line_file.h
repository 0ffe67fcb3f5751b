// Lines of text for somewhere else: kept in a local file as they come, so that memory does not grow with them.
#pragma once

#include <fstream>
#include <string>
#include <string_view>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::ingest {

/// Nothing is made while there is no line. Thread-safe.
class LineFile {
 public:
  /// `uri`: local path or URI of the file, empty: lines are dropped; `what` names it in messages.
  LineFile(storage::Stores& stores, std::string uri, std::string what);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// Adds `line` and a line feed.
  void add(std::string_view line);
  /// Stores the file where it belongs. The URI, empty when there was no line.
  Result<std::string> finish();

 private:
  storage::Stores& stores_;
  const std::string uri_, what_;
  Mutex mutex_;
  std::string path_ EC_GUARDED_BY(mutex_);  // of the local file, once there is one
  std::ofstream file_ EC_GUARDED_BY(mutex_);
  bool failed_ EC_GUARDED_BY(mutex_) = false;
};

}  // namespace earthcatalog::ingest
