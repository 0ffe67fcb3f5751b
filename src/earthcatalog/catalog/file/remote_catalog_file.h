// A catalog file at a URI: a private copy is changed, closed, and put back on condition that nobody else did meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/base/event.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/catalog/file/catalog_file.h"
#include "earthcatalog/iceberg/sqlite_catalog.h"

namespace earthcatalog::catalog {

class RemoteCatalogFile final : public CatalogFile {
 public:
  RemoteCatalogFile(storage::Location where, const CatalogFileOptions& options, EventFunction event = {})
      : where_(std::move(where)), options_(options), event_(std::move(event)) {}
  ~RemoteCatalogFile() override;

  std::string name() const override { return where_.uri(); }
  Result<std::optional<std::string>> metadata_location(const iceberg::TableIdentifier& table) override;
  Result<bool> swap(const iceberg::TableIdentifier& table, const std::optional<std::string>& expected,
                    const std::string& location, const iceberg::CommitGuard& guard) override;
  Result<std::optional<std::string>> read() override;
  Result<bool> exists() override;
  Result<bool> exchange(const std::optional<std::string>& expected, const std::string& token) override;
  void lock_lies_in(const storage::ObjectStore& store) override;

 private:
  /// What a change did to the open copy.
  enum class Outcome {
    kChanged,  ///< it is to be stored
    kDone,     ///< nothing: it was there already
    kRefused,  ///< nothing: it does not apply to this state
  };
  using Change = std::function<Result<Outcome>(iceberg::SqliteCatalog&)>;

  Status fetch() EC_REQUIRES(mutex_);
  Result<std::unique_ptr<iceberg::SqliteCatalog>> open_copy(bool create) const EC_REQUIRES(mutex_);
  Status require_conditional_writes() EC_REQUIRES(mutex_);
  Result<bool> store() EC_REQUIRES(mutex_);
  void forget_copy() EC_REQUIRES(mutex_);
  void tell_again(const Result<bool>& stored) const;
  /// True: stored or there already. False: refused.
  Result<bool> change(const Change& body);

  const storage::Location where_;
  const CatalogFileOptions options_;
  const EventFunction event_;
  Mutex mutex_;
  bool honours_conditions_ EC_GUARDED_BY(mutex_) = false;
  std::string folder_ EC_GUARDED_BY(mutex_);               // private
  std::string copy_ EC_GUARDED_BY(mutex_);                 // in it
  std::optional<std::string> etag_ EC_GUARDED_BY(mutex_);  // of the object that copy_ is; none: there is no object
};

}  // namespace earthcatalog::catalog
