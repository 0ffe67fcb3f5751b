#include <unordered_set>

#include "earthcatalog/backfill/phases/chunk_stager.h"
#include "earthcatalog/backfill/staging/ndjson_files.h"
#include "earthcatalog/backfill/staging/staged_file_source.h"
#include "earthcatalog/backfill/staging/staged_form.h"
#include "earthcatalog/backfill/staging/staged_group.h"
#include "earthcatalog/catalog/unfinished_run.h"

namespace earthcatalog::backfill {
namespace {

// Everything of the run lies in two folders of its own, within the warehouse.
class ParquetForm final : public StagedForm {
 public:
  ParquetForm(std::string root, std::string parts) : root_(std::move(root)), parts_(std::move(parts)) {}

  std::string done(const Attempt& attempt) const override {
    return storage::join_uri(root_, marker_name(attempt) + "/ingest_stats.json");
  }
  std::string objects(const Spill& spill) const override {
    return of_attempt(spill.attempt, fmt::format("objects{}.parquet", suffix_of({.spill = spill.number})));
  }
  std::string problems(const Attempt& attempt) const override { return of_attempt(attempt, "problems.ndjson"); }
  std::string rows(const write::Partition& partition, const Attempt& attempt, FileNumber number) const override {
    return storage::join_uri(
        parts_, fmt::format("grid_partition={}/year={}/{}{}.parquet", partition.cell, write::year_name(partition.year),
                            attempt_name(attempt), suffix_of(number)));
  }
  std::vector<std::string> folders() const override { return {parts_, root_}; }
  Status release(storage::Stores& stores) const override {
    const auto run = catalog::place_of_run(parts_);
    return run ? catalog::release_unfinished_run(stores, run->warehouse, run->run_id) : Status{};
  }

  std::unique_ptr<ChunkStager> stager(const StagerContext& context) const override {
    return make_parquet_stager(context);
  }

  std::int64_t ndjson_bytes(std::int64_t file_bytes) const override { return kNdjsonOfParquet * file_bytes; }
  bool sorts_in_memory(std::int64_t, std::int64_t) const override { return false; }  // the files are sorted already
  bool reads_ahead() const override { return true; }
  Result<std::unique_ptr<write::RowSource>> source(const Staging& staging, const StagedGroup& group,
                                                   const StagedGroupFile& file,
                                                   std::shared_ptr<const stac::ItemSchema> schema,
                                                   const FileContents& contents) const override {
    PartRows part{.uri = rows(group.partition, file.attempt, file.number),
                  .rows = file.rows,
                  .bytes = file.bytes,
                  .form = file.form,
                  .dropped = {},
                  .content = nullptr};
    for (const auto& object : group.dropped) {
      if (object.spill == file.spill()) part.dropped.insert(object.identity);
    }
    if (const auto content = contents.find(part.uri); content != contents.end()) {
      part.content = content->second;
    } else {
      EC_TRY(open_rows(staging, staged_file(group, file),
                       file.attempt));  // its size
    }
    return std::make_unique<PartSource>(staging.stores(), std::move(part), std::move(schema));
  }

 private:
  std::string of_attempt(const Attempt& attempt, std::string_view name) const {
    return storage::join_uri(root_, fmt::format("{}/{}", attempt_name(attempt), name));
  }

  const std::string root_, parts_;
};

}  // namespace

std::shared_ptr<const StagedForm> make_parquet_form(std::string root, std::string parts) {
  return std::make_shared<ParquetForm>(std::move(root), std::move(parts));
}

}  // namespace earthcatalog::backfill
