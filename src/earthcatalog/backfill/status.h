// How far a backfill has come, from what it has staged and from the table: `earthcatalog status`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::backfill {

/// Goes into the summary of each snapshot that a backfill makes, with backfill_name() of its record.
inline constexpr std::string_view kBackfillSummary = "earthcatalog.backfill";
/// Tells a commit of a backfill from those of others, and of its retries.
std::string backfill_name(const RunRecord& run);

struct StatusSpec {
  read::TablePlace table;  ///< its warehouse may be empty when there is a table
  std::string staging;     ///< URI; empty: the direct shape
};

enum class Phase : std::uint8_t {
  kNone,       ///< nothing is staged
  kInventory,  ///< the inventory is being cut into chunks
  kIngest,     ///< chunks are fetched and staged
  kCommit,     ///< all chunks are staged
  kCommitted,  ///< a snapshot has it all; what is left is to clean up, or to fetch what is pending
};

struct BackfillStatus {
  std::string staging;  ///< URI; empty: none
  Phase phase = Phase::kNone;
  bool retry = false;  ///< of what an earlier commit left pending
  std::string inventory;
  std::optional<TimeMicros> started;
  std::int64_t chunks = 0, chunks_staged = 0;
  std::int64_t source_items = 0;                        ///< in chunks so far
  std::int64_t staged_items = 0, staged_rows = 0;       ///< of the chunks staged
  std::int64_t missing = 0, rejected = 0, pending = 0;  ///< likewise
  std::int64_t tasks_done = 0;                          ///< of kCommit: tasks of phase 3 that left their marker
  std::optional<std::int64_t> snapshot_id;              ///< the commit; of kNone that of the last backfill
  std::optional<TimeMicros> committed;                  ///< its time
  std::optional<catalog::LockRecord> lock;              ///< who works on the table now
  std::string next;                                     ///< what to run; settings in backquotes
};

/// Reads markers by their names and the table's metadata; changes nothing. kInvalidData names a marker that cannot be
/// read. A table that does not exist yet is none that has a commit.
Result<BackfillStatus> read_status(storage::Stores& stores, const StatusSpec& spec);

/// One JSON object with the names of the members.
std::string to_json(const BackfillStatus& status);
std::string to_text(const BackfillStatus& status);

}  // namespace earthcatalog::backfill
