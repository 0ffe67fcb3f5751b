// Defaults of the settings that several rooms and the command line share. A setting that one room has alone keeps its
// default in that room's options.
#pragma once

#include <cstddef>
#include <cstdint>

namespace earthcatalog {

/// `memory_limit`, in bytes, where a command does not say otherwise.
inline constexpr std::int64_t kDefaultMemoryBytes = 768 << 20;

/// `max_columns`: properties that become columns of an `auto` schema.
inline constexpr std::size_t kDefaultMaxColumns = 400;

/// Rows of a row group of a data file.
inline constexpr std::int64_t kRowGroupRows = 25'000;

/// `compact_rows`: the most rows of a data file, also the most that can be asked for. A file has at most four row
/// groups.
inline constexpr std::int64_t kMostFileRows = 4 * kRowGroupRows;

/// Keys of a chunk of `incremental`, the unit of fetch and progress.
inline constexpr std::int64_t kDefaultChunkKeys = 20'000;

/// Keys of a chunk of `backfill`, the unit of a worker's task in phase 1.
inline constexpr std::int64_t kDefaultBackfillChunkKeys = 100'000;

/// Bytes of staged NDJSON that a task of phase 3 takes.
inline constexpr std::int64_t kDefaultTaskBytes = 64 << 20;

/// Bytes of bodies that are in flight or not taken yet while objects are fetched.
inline constexpr std::int64_t kDefaultBytesInFlight = 128 << 20;

}  // namespace earthcatalog
