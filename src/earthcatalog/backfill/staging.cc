#include "earthcatalog/backfill/staging.h"

namespace earthcatalog::backfill {
namespace {

std::string attempt_name(Attempt attempt) {
  if (attempt.number == 0) return fmt::format("chunk_{:06}", attempt.chunk);
  return fmt::format("chunk_{:06}_p{}", attempt.chunk, attempt.number);
}

}  // namespace

std::string Staging::chunk(std::int64_t chunk) const { return at(fmt::format("chunks/chunk_{:06}.parquet", chunk)); }

std::string Staging::pending(std::int64_t chunk) const {
  return at(fmt::format("pending_chunks/chunk_{:06}.parquet", chunk));
}

std::string Staging::done(Attempt attempt) const {
  return at(fmt::format("staging/_completed/{}.done", attempt_name(attempt)));
}

std::string Staging::objects(Attempt attempt) const {
  return at(fmt::format("staging/_objects/{}.parquet", attempt_name(attempt)));
}

std::string Staging::problems(Attempt attempt) const {
  return at(fmt::format("staging/_problems/{}.ndjson", attempt_name(attempt)));
}

std::string Staging::rows(const pipeline::Bucket& bucket, Attempt attempt, int part) const {
  const std::string suffix = part == 0 ? "" : fmt::format("_m{}", part);
  return at(fmt::format("staging/{}/{}/{}{}.ndjson", bucket.cell, pipeline::year_name(bucket), attempt_name(attempt),
                        suffix));
}

std::string Staging::task_report(std::int64_t task) const { return at(fmt::format("compacted/task_{:06}.done", task)); }

std::string Staging::task_files(std::int64_t task) const { return at(fmt::format("compacted/task_{:06}.avro", task)); }

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
