// A catalog file used in place, under SQLite's own locking.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/catalog/file/catalog_file.h"
#include "earthcatalog/iceberg/sqlite_catalog.h"

namespace earthcatalog::catalog {

class LocalCatalogFile final : public CatalogFile {
 public:
  LocalCatalogFile(std::string path, const CatalogFileOptions& options) : path_(std::move(path)), options_(options) {}

  std::string name() const override { return path_; }
  Result<std::optional<std::string>> metadata_location(const iceberg::TableIdentifier& table) override;
  Result<bool> swap(const iceberg::TableIdentifier& table, const std::optional<std::string>& expected,
                    const std::string& location, const iceberg::CommitGuard& guard) override;
  Result<std::optional<std::string>> read() override;
  Result<bool> exists() override;
  Result<bool> exchange(const std::optional<std::string>& expected, const std::string& token) override;

 private:
  Result<iceberg::SqliteCatalog*> connect(bool create);

  const std::string path_;
  const CatalogFileOptions options_;
  Mutex mutex_;
  std::unique_ptr<iceberg::SqliteCatalog> sqlite_ EC_GUARDED_BY(mutex_);
};

}  // namespace earthcatalog::catalog
