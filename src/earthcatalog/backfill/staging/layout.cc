#include "earthcatalog/backfill/staging/layout.h"

namespace earthcatalog::backfill {
std::string attempt_name(Attempt attempt) {
  if (attempt.number == 0) return fmt::format("chunk_{:06}", attempt.chunk);
  return fmt::format("chunk_{:06}_p{}", attempt.chunk, attempt.number);
}

std::string suffix_of(FileNumber number) {
  if (number.file > 0) return fmt::format("_m{}_{}", number.spill, number.file);
  return number.spill == 0 ? "" : fmt::format("_m{}", number.spill);
}

std::string Staging::chunk(Attempt attempt) const {
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

std::string Staging::task_files(std::int64_t task, std::string_view key) const {
  return at(fmt::format("compacted/task_{:06}_{}.avro", task, key));
}

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

Status Staging::remove(const std::string& uri) const {
  EC_ASSIGN_OR_RETURN(const auto where, stores_->locate(uri));
  return where.store->remove({&where.key, 1});
}

}  // namespace earthcatalog::backfill
