#include "earthcatalog/backfill/staging/layout.h"

namespace earthcatalog::backfill {
namespace {

std::string attempt_name(Attempt attempt) {
  if (attempt.number == 0) return fmt::format("chunk_{:06}", attempt.chunk);
  return fmt::format("chunk_{:06}_p{}", attempt.chunk, attempt.number);
}

std::string number_suffix(int number) { return number == 0 ? "" : fmt::format("_m{}", number); }

}  // namespace

std::string Staging::chunk(Attempt attempt) const {
  return at(fmt::format("chunks/{}.parquet", attempt_name(attempt)));
}

std::string Staging::pending(std::int64_t chunk) const {
  return at(fmt::format("pending_chunks/chunk_{:06}.parquet", chunk));
}

std::string Staging::of_attempt(Attempt attempt, std::string_view name) const {
  return at(fmt::format("{}/{}", attempt_name(attempt), name));
}

std::string Staging::done(Attempt attempt) const {
  if (is_direct()) return of_attempt(attempt, "ingest_stats.json");
  return at(fmt::format("staging/_completed/{}.done", attempt_name(attempt)));
}

std::string Staging::objects(Attempt attempt, int spill) const {
  if (is_direct()) return of_attempt(attempt, fmt::format("objects{}.parquet", number_suffix(spill)));
  return at(fmt::format("staging/_objects/{}{}.parquet", attempt_name(attempt), number_suffix(spill)));
}

std::string Staging::part_files(Attempt attempt, int spill) const {
  return of_attempt(attempt, fmt::format("parts{}.avro", number_suffix(spill)));
}

std::string Staging::problems(Attempt attempt) const {
  if (is_direct()) return of_attempt(attempt, "problems.ndjson");
  return at(fmt::format("staging/_problems/{}.ndjson", attempt_name(attempt)));
}

std::string Staging::rows(const write::Partition& partition, Attempt attempt, int part) const {
  const auto name = attempt_name(attempt) + number_suffix(part);
  const auto year = write::year_name(partition.year);
  if (is_direct()) {
    return storage::join_uri(parts_, fmt::format("grid_partition={}/year={}/{}.parquet", partition.cell, year, name));
  }
  return at(fmt::format("staging/{}/{}/{}.ndjson", partition.cell, year, name));
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
