// How what phase 2 leaves is told apart.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace earthcatalog::backfill {

/// Which try of which chunk: attempt 0 fetches the whole chunk, attempt n what was pending after n - 1.
struct Attempt {
  std::int64_t chunk = 0;
  int number = 0;
  /// Whose: 8 hex digits, which all that it staged has in its names; or empty. Of what it will fetch: whose list that
  /// is.
  std::string writer = {};
  auto operator<=>(const Attempt&) const = default;
};

/// What one attempt held in memory at a time.
struct Spill {
  Attempt attempt;
  int number = 0;
  auto operator<=>(const Spill&) const = default;
};

/// Tells the files that one attempt writes for one partition apart.
struct FileNumber {
  int spill = 0, file = 0;  ///< a spill of the direct shape may write several
  auto operator<=>(const FileNumber&) const = default;
};

/// "chunk_000007", "chunk_000007_p1", "chunk_000007_p1_5f0c9b1e".
std::string attempt_name(const Attempt& attempt);
/// The same without the writer: a chunk has one marker, whoever was first.
std::string marker_name(const Attempt& attempt);
/// What follows it in the name of a file: "", "_m1", "_m1_2".
std::string suffix_of(FileNumber number);

}  // namespace earthcatalog::backfill
