// The state of an opened catalog. Opening is in catalog_open.cc, committing in catalog_commit.cc.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/file/catalog_file.h"
#include "earthcatalog/iceberg/commit/transaction.h"
#include "earthcatalog/index/index_catch_up.h"

namespace earthcatalog::catalog {

/// The lock of a catalog, as `options` want it: held by this process already, or taken now. None with lock = false.
/// `file` must outlive it.
Result<std::shared_ptr<Lock>> lock_of_run(storage::Stores& stores, CatalogFile& file, const std::string& catalog_uri,
                                          const CatalogOptions& options);

class Catalog::Impl {
 public:
  Impl(storage::Stores& stores, CatalogOptions options);
  ~Impl();

  Status open();
  Status refresh();
  Status check_current();
  Status confirm_lock();
  Status close() { return lock_ && !options_.held_lock ? lock_->release() : Status{}; }
  Status create_empty_table();
  Result<iceberg::Schema> plan_schema(const stac::ItemSchema& columns) const;
  Result<CommitOutcome> commit(const CommitRequest& request);

 private:
  friend class Catalog;

  // Opening.
  Status load_table();
  Status no_table();
  Status adopt_table();
  Status start_new_table();
  Status check_warehouse_is_free() const;

  // The object index.
  std::optional<std::int64_t> current_snapshot() const;
  Status load_index();
  void retire_unnamed_runs() const;
  Result<index::CaughtUp> catch_up_from(const index::ObjectIndex& old, std::span<const Hash128> watched);

  // Committing.
  bool nothing_to_do(const CommitRequest& request) const;
  Result<bool> create_table(const CommitRequest& request);
  Status add_columns(const CommitRequest& request, iceberg::Transaction& change) const;
  Result<iceberg::Transaction> transaction(const CommitRequest& request) const;
  Result<bool> try_commit(const CommitRequest& request, CommitOutcome& outcome);
  bool is_committed(const CommitRequest& request, const iceberg::Transaction& change,
                    const index::ObjectIndex& next) const;
  Result<index::ObjectIndex> record(const CommitRequest& request, iceberg::Transaction& change) const;
  Status accept(const index::ObjectIndex& next);
  Error changed_meanwhile() const;
  void tell_lost_race(const Error& error, int attempt) const;
  void tell_commit(const CommitRequest& request, const CommitOutcome& outcome) const;
  Status prepare_again(const CommitRequest& request, const Error& error, const std::string& metadata_before);
  iceberg::CommitGuard guard();

  storage::Stores& stores_;
  const CatalogOptions options_;
  std::string uri_, warehouse_;
  std::unique_ptr<CatalogFile> file_;
  std::shared_ptr<Lock> lock_;  // uses *file_, unless it was held before
  std::optional<iceberg::Table> table_;
  grid::GridSpec grid_;
  std::optional<stac::ItemSchema> columns_;
  iceberg::Properties missing_properties_;  // of the table, for the next commit
  index::ObjectIndex named_;                // as the table names it
  index::ObjectIndex index_;                // of the table's current snapshot
  int commits_ = 0;
  int catch_ups_ = 0;
  bool token_refused_ = false;
  bool unclear_ = false;  // whether the last commit happened is not known
};

}  // namespace earthcatalog::catalog
