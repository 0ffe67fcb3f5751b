// What a backfill in one process has to do, by what earlier runs left in the staging prefix and in the table; and
// phase 1.
#pragma once

#include <cstddef>
#include <optional>

#include "earthcatalog/backfill/backfill.h"
#include "earthcatalog/backfill/phases/commit.h"
#include "earthcatalog/backfill/run_record.h"
#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/ingest/report.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

struct LocalStartOptions {
  int chunks_at_once = 1;  ///< that phase 1 writes side by side
  FinishOptions finish;    ///< for what an earlier run left undone after its commit
  Hooks hooks;             ///< of phase 1
};

/// What it is given must outlive it.
class LocalStart {
 public:
  LocalStart(storage::Stores& stores, const BackfillSpec& spec, catalog::Catalog& catalog, const Staging& staging,
             LocalStartOptions how)
      : stores_(stores), spec_(spec), catalog_(catalog), staging_(staging), how_(std::move(how)) {}

  /// The record of what is to be ingested and committed now, with its chunks written; nothing when a commit has done it
  /// all, which `report` says then. `before`: what an earlier run left in the staging prefix. kAlreadyExists when the
  /// table has rows that nobody asked to keep or to replace; kInvalidArgument when `before` is of another backfill.
  Result<std::optional<RunRecord>> start(const std::optional<RunRecord>& before, ingest::Report& report) const;

 private:
  RunSettings settings() const;
  Status repeat(std::size_t files, ingest::Report& report) const;
  Result<std::optional<RunRecord>> after_commit(RunRecord record, ingest::Report& report) const;
  Status check_belongs(const RunRecord& record) const;
  Status check_staged(const RunRecord& record) const;
  Result<RunRecord> chunks(const std::optional<RunRecord>& before) const;

  storage::Stores& stores_;
  const BackfillSpec& spec_;
  catalog::Catalog& catalog_;
  const Staging& staging_;
  const LocalStartOptions how_;
};

}  // namespace earthcatalog::backfill
