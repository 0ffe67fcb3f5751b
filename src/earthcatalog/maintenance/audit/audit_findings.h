// Findings of an audit: counted by kind, the first of each kept for the report, all of them in a file.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/ingest/line_file.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::maintenance {

enum class Finding : std::uint8_t {
  // An object of the inventory, or of the object index
  kMissing,
  kStale,
  kExtra,
  kDoubledObjects,
  // A row, or one that should be there
  kLostRows,
  kUnknownRows,
  kDoubledRows,
  kStaleRows,
  kPrimary,
  kLostCells,
  // A data file
  kLostFiles,
  kBrokenFiles,
  kWrongCounts,
  kWrongBounds,
  kWrongPartitions,
  kLostValues,
  // The object index as a whole
  kIndex,
};
inline constexpr std::size_t kFindings = 17;

/// "missing", "doubled_rows"
std::string_view to_string(Finding finding);
/// Explains a finding in a few words.
std::string_view explain(Finding finding);

/// One finding.
struct FindingLine {
  std::string_view object = {};  ///< "bucket/key"
  std::string_view collection = {}, id = {};
  std::string_view cell = {};
  std::optional<std::int32_t> year = {};  ///< of the cell's row; none: unknown
  std::string_view file = {};
  std::string reason = {};
};

/// Thread-safe.
class Findings {
 public:
  static constexpr std::size_t kExamples = 5;

  /// `uri`: where all findings go, a line of JSON each.
  Findings(storage::Stores& stores, std::string uri) : lines_(stores, std::move(uri), "the file of findings") {}

  void add(Finding finding, const FindingLine& line);
  /// The URI of the file, empty when nothing was found.
  Result<std::string> finish() { return lines_.finish(); }

  std::int64_t count(Finding finding) const {
    const MutexLock lock(mutex_);
    return kinds_[static_cast<std::size_t>(finding)].count;
  }
  /// Returns the first kExamples.
  std::vector<std::string> examples(Finding finding) const {
    const MutexLock lock(mutex_);
    return kinds_[static_cast<std::size_t>(finding)].examples;
  }

 private:
  struct Kind {
    std::int64_t count = 0;
    std::vector<std::string> examples;
  };
  mutable Mutex mutex_;
  std::array<Kind, kFindings> kinds_ EC_GUARDED_BY(mutex_);
  ingest::LineFile lines_;
};

}  // namespace earthcatalog::maintenance
