// Whole chunks to files to one commit.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "earthcatalog/base/defaults.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/ingest/ingester.h"
#include "earthcatalog/ingest/report.h"
#include "earthcatalog/ingest/resolve_versions.h"
#include "earthcatalog/ingest/staged_objects.h"
#include "earthcatalog/result.h"
#include "earthcatalog/write/file_names.h"
#include "earthcatalog/write/partition_writers.h"
#include "earthcatalog/write/remove_rows.h"
#include "earthcatalog/write/row_partitioner.h"

namespace earthcatalog::incremental {

struct FlushOptions {
  Parallel parallel;  ///< of files that are written: Stores::parallel()
  std::size_t max_columns = kDefaultMaxColumns;
  std::int64_t compact_rows = kMostFileRows;   ///< most rows of a file
  bool dry_run = false;                        ///< decide and count, write nothing
  iceberg::Properties summary;                 ///< of every snapshot: the inventory's identity
  ProgressFunction progress;                   ///< told of the files that are written
  std::function<void(std::string)> warn = {};  ///< called before rows that explode are written, once
};

/// Writes parts as files and commits them. stage() and commit() are one step in a run that commits as it goes, and
/// many stages before one commit with --batch-add-files. Not thread-safe, but for index().
class UpsertCommitter {
 public:
  /// `catalog` may be null in a dry run on a table that does not exist.
  UpsertCommitter(storage::Stores& stores, catalog::Catalog* catalog, const grid::Partitioner& grid,
                  ingest::StartSchema& schema, FlushOptions options, ingest::Report& report);

  /// Takes the parts: rows of the newest versions become files, rows that they replace leave theirs. Objects that hold
  /// no Item are recorded in this version; rows that an earlier version brought stay theirs. Nothing of it is visible
  /// before commit().
  Status stage(std::vector<std::unique_ptr<ingest::ChunkPart>> parts);
  /// Makes all that was staged visible in one snapshot and counts it in the report. When another writer was first and
  /// changed what was decided upon, what one stage() staged is decided and written again on the new state. After
  /// several that is an error, and nothing is committed: their items are no longer in memory.
  Status commit();
  /// Gives back the memory of the items that are staged: no commit follows at once.
  void release_items() { input_.reset(); }
  bool has_staged() const { return staged_items_ || !rejected_.empty(); }

  /// The object index as of the last commit. Thread-safe.
  index::ObjectIndex index() const;

 private:
  // What stage() made of parts, kept for the commit that follows so that a lost race can be decided again.
  struct Input {
    std::vector<std::unique_ptr<ingest::ChunkPart>> parts;
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    std::shared_ptr<const stac::ItemSchema> schema;
  };

  Status choose_schema(Input& input);
  Status stage_input(const Input& input);
  Status stage_removals(const write::Removals& removals, const write::PartitionWriters& writer);
  Status stage_rows(const Input& input, const ingest::Decision& decision, const write::PartitionWriters& writer);
  void record(ingest::Decision decision);
  Status record_rejected();
  void count(const Input& input, const ingest::Decision& decision);
  Status stage_parts(std::vector<std::unique_ptr<ingest::ChunkPart>> parts);
  void look_at_spread(const Input& input, const ingest::Decision& decision);
  Status stage_again();
  void forget_staged();
  catalog::CommitRequest make_request();
  void remember_index();

  storage::Stores& stores_;
  catalog::Catalog* catalog_;
  const grid::Partitioner& grid_;
  ingest::StartSchema& schema_;
  const FlushOptions options_;
  ingest::Report& report_;
  write::FileNames names_;
  mutable Mutex index_mutex_;
  std::optional<index::ObjectIndex> index_ EC_GUARDED_BY(index_mutex_);

  // Staged and not committed.
  bool staged_items_ = false;
  std::optional<Input> input_;  // of all that is staged; none after several stages
  std::shared_ptr<const stac::ItemSchema> staged_schema_;
  std::map<std::string, iceberg::DataFile> added_, removed_;  // by path
  std::optional<ingest::StagedObjects> objects_;
  std::unordered_set<Hash128> displaced_;  // items of which rows were removed
  std::int64_t more_items_ = 0;
  std::vector<storage::ObjectRef> rejected_;
  ingest::Report counts_;
  bool warned_ = false;
};

}  // namespace earthcatalog::incremental
