#include "earthcatalog/catalog/lock/lock_object.h"

#include <algorithm>
#include <optional>

namespace earthcatalog::catalog {

void LockObject::set_token(std::string token) {
  used_tokens_.push_back(token);
  record_.token = std::move(token);
}

// Whether the object is one that we wrote (then etag_ is its etag), and if so, whether it is `desired`: an earlier
// write whose reply was lost may have happened after all.
Result<LockObject::Found> LockObject::look(const std::string& desired) {
  EC_ASSIGN_OR_RETURN(const auto found, where_.store->get(where_.key));
  if (!found) return Found::kOther;
  const auto record = LockRecord::parse(found->bytes);
  if (!record || std::ranges::find(used_tokens_, record->token) == used_tokens_.end()) return Found::kOther;
  etag_ = found->info.etag;
  return found->bytes == desired ? Found::kDesired : Found::kOurs;
}

Result<bool> LockObject::create() {
  const std::string bytes = record_.to_json();
  auto put = where_.store->put_if_absent(where_.key, bytes);
  if (put && put->stored) {
    etag_ = put->etag;
  } else if (const auto found = look(bytes); found != Found::kDesired) {
    if (!put) return std::unexpected(std::move(put).error());
    EC_TRY(found);
    return false;
  }
  held_ = true;
  return true;
}

Result<bool> LockObject::take_over(std::string etag) {
  etag_ = std::move(etag);
  return write();
}

Result<bool> LockObject::write() {
  const std::string bytes = record_.to_json();
  for (int attempt = 0;; ++attempt) {
    auto put = where_.store->put_if_match(where_.key, bytes, etag_);
    if (put && put->stored) {
      etag_ = put->etag;
      held_ = true;
      return true;
    }
    const auto found = look(bytes);
    if (found == Found::kDesired) {
      held_ = true;
      return true;
    }
    if (!put) return std::unexpected(std::move(put).error());
    EC_TRY(found);
    if (*found == Found::kOther || attempt == kMostLockAttempts) return false;
  }
}

Status LockObject::remove() {
  EC_TRY(where_.store->remove_if_match(where_.key, etag_));
  held_ = false;
  return {};
}

Result<LockRecord> parse_lock(const storage::Location& where, std::string_view bytes) {
  auto record = LockRecord::parse(bytes);
  if (!record) {
    return fail(ErrorKind::kInvalidData,
                "{} is no lock of a catalog: {}; if nobody uses the catalog, remove it with: `unlock(force)`",
                where.uri(), record.error().message);
  }
  return record;
}

Result<std::optional<LockRecord>> read_lock(const storage::Location& where) {
  EC_ASSIGN_OR_RETURN(const auto found, where.store->get(where.key));
  if (!found) return std::nullopt;
  EC_ASSIGN_OR_RETURN(auto record, parse_lock(where, found->bytes));
  return record;
}

}  // namespace earthcatalog::catalog
