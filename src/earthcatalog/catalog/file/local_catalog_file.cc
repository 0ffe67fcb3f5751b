#include "earthcatalog/catalog/file/local_catalog_file.h"

#include <filesystem>
#include <system_error>

namespace earthcatalog::catalog {

// The connection, or null when there is no file and none is to be made.
Result<iceberg::SqliteCatalog*> LocalCatalogFile::connect(bool create) {
  const MutexLock guard(mutex_);
  if (sqlite_) return sqlite_.get();
  if (create) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), error);
    if (error) {
      return fail(ErrorKind::kIOError, "creating the folder of the catalog {}: {}", path_, error.message());
    }
  }
  // A file of zero bytes is what a process leaves that was killed while it made the catalog.
  std::error_code ignored;
  const bool complete = options_.writable && (create || std::filesystem::exists(path_, ignored));
  auto opened = iceberg::SqliteCatalog::open(path_, {.create = complete, .read_only = !options_.writable});
  if (!opened) {
    if (opened.error().kind == ErrorKind::kNotFound) return nullptr;
    return std::unexpected(std::move(opened).error());
  }
  sqlite_ = std::move(*opened);
  return sqlite_.get();
}

Result<std::optional<std::string>> LocalCatalogFile::metadata_location(const iceberg::TableIdentifier& table) {
  EC_ASSIGN_OR_RETURN(auto* sqlite, connect(false));
  if (sqlite == nullptr) return std::nullopt;
  return sqlite->metadata_location(table);
}

Result<bool> LocalCatalogFile::swap(const iceberg::TableIdentifier& table, const std::optional<std::string>& expected,
                                    const std::string& location, const iceberg::CommitGuard& guard) {
  EC_ASSIGN_OR_RETURN(auto* sqlite, connect(true));
  return sqlite->swap(table, expected, location, guard);
}

Result<bool> LocalCatalogFile::exists() {
  EC_ASSIGN_OR_RETURN(const auto* sqlite, connect(false));
  return sqlite != nullptr;
}

Result<std::optional<std::string>> LocalCatalogFile::read() {
  EC_ASSIGN_OR_RETURN(auto* sqlite, connect(false));
  if (sqlite == nullptr) return std::nullopt;
  std::optional<std::string> token;
  EC_TRY(sqlite->transaction([&](sqlite3* database) -> Status {
    EC_ASSIGN_OR_RETURN(token, read_token(database));
    return {};
  }));
  return token;
}

Result<bool> LocalCatalogFile::exchange(const std::optional<std::string>& expected, const std::string& token) {
  EC_ASSIGN_OR_RETURN(auto* sqlite, connect(true));
  bool exchanged = false;
  EC_TRY(sqlite->transaction([&](sqlite3* database) -> Status {
    EC_ASSIGN_OR_RETURN(const auto found, read_token(database));
    exchanged = found == expected;
    if (exchanged) EC_TRY(write_token(database, token));
    return {};
  }));
  return exchanged;
}

}  // namespace earthcatalog::catalog
