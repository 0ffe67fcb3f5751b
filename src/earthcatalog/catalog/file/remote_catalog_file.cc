#include "earthcatalog/catalog/file/remote_catalog_file.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "earthcatalog/storage/conditional_probe.h"

namespace earthcatalog::catalog {
namespace {

constexpr std::string_view kSqliteMagic{"SQLite format 3\0", 16};
// Lost races in a row, each of which means that somebody else's commit went through.
constexpr int kMaxAttempts = 50;
// Puts without an answer in a row; the store has retried each of them already.
constexpr int kMaxFailures = 3;

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || !file.is_open()) return fail(ErrorKind::kIOError, "reading {}: {}", path, std::strerror(errno));
  return bytes;
}

Status write_file(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return fail(ErrorKind::kIOError, "writing {}: {}", path, std::strerror(errno));
  return {};
}

}  // namespace

RemoteCatalogFile::~RemoteCatalogFile() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

// Brings the copy up to date with the object.
Status RemoteCatalogFile::fetch() {
  if (folder_.empty()) {
    std::string folder = options_.scratch_folder + "/earthcatalog-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) {
      return fail(ErrorKind::kIOError, "making a temporary folder in {}: {}", options_.scratch_folder,
                  std::strerror(errno));
    }
    folder_ = folder;
    copy_ = folder + "/catalog.db";
  } else if (etag_) {
    EC_ASSIGN_OR_RETURN(const auto head, where_.store->head(where_.key));
    if (head && head->etag == *etag_) return {};
  }
  EC_ASSIGN_OR_RETURN(const auto object, where_.store->get(where_.key));
  if (!object) {
    etag_.reset();
    std::error_code ignored;
    std::filesystem::remove(copy_, ignored);
    return {};
  }
  if (!object->bytes.starts_with(kSqliteMagic)) {
    return fail(ErrorKind::kInvalidData, "{} is no catalog: it is no SQLite database; check the path", name());
  }
  EC_TRY(write_file(copy_, object->bytes));
  etag_ = object->info.etag;
  return {};
}

Result<std::unique_ptr<iceberg::SqliteCatalog>> RemoteCatalogFile::open_copy(bool create) const {
  if (!etag_ && !create) return nullptr;
  return annotate(iceberg::SqliteCatalog::open(copy_, {.create = create}), fmt::format("copy of {}", name()));
}

// Once, before the first write: a store that ignores conditions would lose other writers' commits.
Status RemoteCatalogFile::require_conditional_writes() {
  if (honours_conditions_) return {};
  EC_ASSIGN_OR_RETURN(honours_conditions_, storage::probe_conditional_put(*where_.store, where_.key));
  if (honours_conditions_) return {};
  return fail(ErrorKind::kUnsupported,
              "{}: this store does not honour If-Match, so that concurrent runs could overwrite each other's catalog; "
              "keep the catalog on a local disk or on S3",
              name());
}

void RemoteCatalogFile::lock_lies_in(const storage::ObjectStore& store) {
  const MutexLock guard(mutex_);
  if (&store == where_.store.get()) honours_conditions_ = true;
}

// Puts the copy, closed, in the place of the object it was made from. False: that object is no longer there.
Result<bool> RemoteCatalogFile::store() {
  EC_TRY(require_conditional_writes());
  EC_ASSIGN_OR_RETURN(const std::string bytes, read_file(copy_));
  EC_ASSIGN_OR_RETURN(const auto put, etag_ ? where_.store->put_if_match(where_.key, bytes, *etag_)
                                            : where_.store->put_if_absent(where_.key, bytes));
  if (put.stored) etag_ = put.etag;
  return put.stored;
}

void RemoteCatalogFile::forget_copy() {
  etag_.reset();
  std::error_code ignored;
  std::filesystem::remove(copy_, ignored);
}

void RemoteCatalogFile::tell_again(const Result<bool>& stored) const {
  if (!event_) return;
  std::string reason = stored ? "another writer changed the catalog first" : stored.error().message;
  event_({.name = "catalog_changed_again",
          .message = fmt::format("{}: {}; the change is made again on the newest state", name(), reason),
          .fields = {{"uri", name()}, {"reason", std::move(reason)}}});
}

// Applies `body` to the newest state until it is stored. A put whose reply was lost shows as Outcome::kDone on the next
// round.
Result<bool> RemoteCatalogFile::change(const Change& body) {
  const MutexLock guard(mutex_);
  int failures = 0;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    EC_TRY(fetch());
    EC_ASSIGN_OR_RETURN(auto copy, open_copy(true));
    auto outcome = body(*copy);
    EC_TRY(copy->close());
    if (outcome == Outcome::kChanged) {
      auto stored = store();
      if (stored && *stored) return true;
      forget_copy();
      if (!stored && ++failures == kMaxFailures) return stored;
      tell_again(stored);
      continue;
    }
    forget_copy();
    EC_TRY(outcome);
    return *outcome == Outcome::kDone;
  }
  return fail(ErrorKind::kConflict, "{}: {} commits of others came first, one after the other; try again later", name(),
              kMaxAttempts);
}

Result<std::optional<std::string>> RemoteCatalogFile::metadata_location(const iceberg::TableIdentifier& table) {
  const MutexLock guard(mutex_);
  EC_TRY(fetch());
  EC_ASSIGN_OR_RETURN(const auto copy, open_copy(false));
  if (!copy) return std::nullopt;
  return copy->metadata_location(table);
}

Result<bool> RemoteCatalogFile::swap(const iceberg::TableIdentifier& table, const std::optional<std::string>& expected,
                                     const std::string& location, const iceberg::CommitGuard& guard) {
  bool tried = false;
  return change([&](iceberg::SqliteCatalog& copy) -> Result<Outcome> {
    EC_ASSIGN_OR_RETURN(const auto now, copy.metadata_location(table));
    if (now == location) return Outcome::kDone;
    if (tried && now != expected) {
      // Not a plain "no", upon which the caller would remove what it wrote: the put may have gone through before that.
      return fail(ErrorKind::kConflict, "{}: another commit came while this one was stored; look whether it is there",
                  name());
    }
    EC_ASSIGN_OR_RETURN(const bool swapped, copy.swap(table, expected, location, guard));
    tried = tried || swapped;
    return swapped ? Outcome::kChanged : Outcome::kRefused;
  });
}

Result<bool> RemoteCatalogFile::exists() {
  const MutexLock guard(mutex_);
  EC_TRY(fetch());
  return etag_.has_value();
}

Result<std::optional<std::string>> RemoteCatalogFile::read() {
  const MutexLock guard(mutex_);
  EC_TRY(fetch());
  EC_ASSIGN_OR_RETURN(const auto copy, open_copy(false));
  if (!copy) return std::nullopt;
  std::optional<std::string> token;
  EC_TRY(copy->transaction([&](sqlite3* database) -> Status {
    EC_ASSIGN_OR_RETURN(token, read_token(database));
    return {};
  }));
  return token;
}

Result<bool> RemoteCatalogFile::exchange(const std::optional<std::string>& expected, const std::string& token) {
  return change([&](iceberg::SqliteCatalog& copy) -> Result<Outcome> {
    auto outcome = Outcome::kRefused;
    EC_TRY(copy.transaction([&](sqlite3* database) -> Status {
      EC_ASSIGN_OR_RETURN(const auto found, read_token(database));
      if (found == token) {
        outcome = Outcome::kDone;
      } else if (found == expected) {
        outcome = Outcome::kChanged;
        EC_TRY(write_token(database, token));
      }
      return {};
    }));
    return outcome;
  });
}

}  // namespace earthcatalog::catalog
