// From a change to new table metadata, and to the catalog.
#pragma once

#include <string>
#include <vector>

#include "earthcatalog/iceberg/commit/change_internal.h"
#include "earthcatalog/iceberg/commit/transaction.h"

namespace earthcatalog::iceberg {

class SnapshotProducer;

/// Makes one attempt at a commit, on the state that the table object holds; lives for one Transaction::commit().
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
  Result<CommitResult> attempt(SnapshotProducer& producer);
  bool is_committed() const;
  bool was_refused(const Error& error);
  Result<Attempt> write_attempt(SnapshotProducer& producer) const;
  Result<CommitResult> finish(Attempt attempt);
  CommitResult result() const;

  Change& change_;  // its added files are sorted by partition
  Table& table_;
  const CommitOptions& options_;
  bool unclear_ = false;  ///< set when nobody can tell whether the pointer moved
};

}  // namespace earthcatalog::iceberg
