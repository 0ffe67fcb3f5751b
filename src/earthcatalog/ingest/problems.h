// The problems file: one line of JSON for each object, or part of one, that did not come through as it should.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "earthcatalog/ingest/line_file.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/object_ref.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::ingest {

/// One line. `kind` is "pending", "missing", "rejected", or the part of a kept item that made no sense ("geometry",
/// "datetime"); `cause` narrows it ("denied", "timeout", "not_json", ...).
struct ProblemLine {
  std::string_view kind, cause, reason;
  std::int64_t offset = -1;  ///< byte in the object; negative: not known
};

/// Collects lines (see LineFile); finish() puts the file to its URI. Thread-safe.
class Problems {
 public:
  /// `uri`: local path or URI of the file, empty: none is written.
  Problems(storage::Stores& stores, std::string uri);

  void add(const storage::ObjectRef& object, const ProblemLine& line);
  /// Stores the file where it belongs. The URI, empty when there was no line.
  Result<std::string> finish();

 private:
  LineFile file_;
};

}  // namespace earthcatalog::ingest
