#include "earthcatalog/backfill/staging/layout.h"

namespace earthcatalog::backfill {
namespace {

constexpr int kMostTries = 10;  // to replace a marker; each failure means that another writer was first

}  // namespace

std::string marker_name(const Attempt& attempt) {
  if (attempt.number == 0) return fmt::format("chunk_{:06}", attempt.chunk);
  return fmt::format("chunk_{:06}_p{}", attempt.chunk, attempt.number);
}

std::string attempt_name(const Attempt& attempt) {
  return marker_name(attempt) + (attempt.writer.empty() ? "" : "_" + attempt.writer);
}

std::string suffix_of(FileNumber number) {
  if (number.file > 0) return fmt::format("_m{}_{}", number.spill, number.file);
  return number.spill == 0 ? "" : fmt::format("_m{}", number.spill);
}

std::string Staging::chunk(const Attempt& attempt) const {
  return at(fmt::format("chunks/{}.parquet", attempt_name(attempt)));
}

std::string Staging::pending(std::int64_t chunk) const {
  return at(fmt::format("pending_chunks/chunk_{:06}.parquet", chunk));
}

std::string Staging::part_files(const Spill& spill) const {
  return at(fmt::format("{}/parts{}.avro", attempt_name(spill.attempt), suffix_of({.spill = spill.number})));
}

std::string Staging::task_report(std::int64_t task, std::string_view key) const {
  return at(fmt::format("compacted/task_{:06}_{}.done", task, key));
}

std::string Staging::task_files(std::int64_t task, std::string_view key, std::string_view files) const {
  return at(fmt::format("compacted/task_{:06}_{}_{}.avro", task, key, files));
}

std::string Staging::task_spec(std::int64_t task, std::string_view key) const {
  return at(fmt::format("compacted/task_{:06}_{}.json", task, key));
}

std::string Staging::schema(std::string_view name) const { return at(fmt::format("compacted/schema_{}.json", name)); }

std::string Staging::file_list(std::string_view key) const { return at(fmt::format("compacted/files_{}.avro", key)); }

Result<bool> Staging::exists(const std::string& uri) const {
  EC_ASSIGN_OR_RETURN(const auto where, stores_->locate(uri));
  EC_ASSIGN_OR_RETURN(const auto info, where.store->head(where.key));
  return info.has_value();
}

Result<std::optional<std::string>> Staging::read(const std::string& uri) const {
  EC_ASSIGN_OR_RETURN(const auto where, stores_->locate(uri));
  EC_ASSIGN_OR_RETURN(auto object, where.store->get(where.key));
  if (!object) return std::nullopt;
  return std::move(object->bytes);
}

Status Staging::write(const std::string& uri, std::string_view bytes) const {
  EC_ASSIGN_OR_RETURN(const auto where, stores_->locate(uri));
  EC_ASSIGN_OR_RETURN(const auto stored, where.store->put(where.key, bytes));
  (void)stored;
  return {};
}

Result<std::optional<std::string>> Staging::publish(const std::string& uri, std::string_view bytes,
                                                    const Counts& counts) const {
  EC_ASSIGN_OR_RETURN(const auto where, stores_->locate(uri));
  for (int i = 0; i < kMostTries; ++i) {
    EC_ASSIGN_OR_RETURN(const auto put, where.store->put(where.key, bytes, storage::Existing::kRefuse));
    if (put.stored) return std::nullopt;
    EC_ASSIGN_OR_RETURN(auto present, where.store->get(where.key));
    if (!present) continue;
    EC_ASSIGN_OR_RETURN(const bool stands, counts(present->bytes));
    if (stands) return std::move(present->bytes);
    const auto replaced = where.store->put_if_match(where.key, bytes, present->info.etag);
    if (replaced && replaced->stored) return std::nullopt;
    if (replaced) continue;
    if (replaced.error().kind != ErrorKind::kUnsupported) return std::unexpected(replaced.error());
    EC_TRY(write(uri, bytes));  // gs:// and abfs://
    return std::nullopt;
  }
  return fail(ErrorKind::kConflict, "{}: other writers replace it again and again; run again", uri);
}

Status Staging::remove(const std::string& uri) const {
  EC_ASSIGN_OR_RETURN(const auto where, stores_->locate(uri));
  return where.store->remove({&where.key, 1});
}

}  // namespace earthcatalog::backfill
