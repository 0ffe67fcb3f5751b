// From a change to new table metadata, and to the catalog.
#pragma once

#include <string>
#include <vector>

#include "earthcatalog/iceberg/commit/change_internal.h"
#include "earthcatalog/iceberg/commit/transaction.h"

namespace earthcatalog::iceberg {

class SnapshotProducer;

/// One call of Transaction::commit().
class Committer {
 public:
  Committer(Change& change, Table& table, const CommitOptions& options)
      : change_(change), table_(table), options_(options) {}
  Result<CommitResult> commit();

 private:
  struct Attempt {
    TableMetadata metadata;
    std::string location;
  };
  Result<CommitResult> attempt_until_done(SnapshotProducer& producer);
  Result<bool> catch_up();
  bool was_refused(const Error& error);
  Result<Attempt> write_attempt(SnapshotProducer& producer) const;
  Result<CommitResult> finish(Attempt attempt, int attempts);
  CommitResult result(int attempts) const;

  Change& change_;  // its added files are sorted by partition
  Table& table_;
  const CommitOptions& options_;
  bool unclear_ = false;  ///< whether the pointer moved is not known
};

}  // namespace earthcatalog::iceberg
