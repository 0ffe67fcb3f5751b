#include <unordered_set>

#include "earthcatalog/backfill/phases/chunk_stager.h"
#include "earthcatalog/backfill/staging/ndjson_source.h"
#include "earthcatalog/backfill/staging/staged_form.h"
#include "earthcatalog/backfill/staging/staged_group.h"

namespace earthcatalog::backfill {
namespace {

class NdjsonForm final : public StagedForm {
 public:
  explicit NdjsonForm(std::string root) : root_(std::move(root)) {}

  std::string done(const Attempt& attempt) const override {
    return at(fmt::format("staging/_completed/{}.done", marker_name(attempt)));
  }
  std::string objects(const Spill& spill) const override {
    return at(
        fmt::format("staging/_objects/{}{}.parquet", attempt_name(spill.attempt), suffix_of({.spill = spill.number})));
  }
  std::string problems(const Attempt& attempt) const override {
    return at(fmt::format("staging/_problems/{}.ndjson", attempt_name(attempt)));
  }
  std::string rows(const write::Partition& partition, const Attempt& attempt, FileNumber number) const override {
    return at(fmt::format("staging/{}/{}/{}{}.ndjson", partition.cell, write::year_name(partition.year),
                          attempt_name(attempt), suffix_of(number)));
  }
  std::vector<std::string> folders() const override {
    return {at("compacted"), at("staging"), at("pending_chunks"), at("chunks")};
  }
  Status release(storage::Stores&) const override { return {}; }

  std::unique_ptr<ChunkStager> stager(const StagerContext& context) const override {
    return make_ndjson_stager(context);
  }

  std::int64_t ndjson_bytes(std::int64_t file_bytes) const override { return file_bytes; }
  bool sorts_in_memory(std::int64_t bytes, std::int64_t memory_limit_bytes) const override {
    return bytes <= memory_limit_bytes / 3;
  }
  bool reads_ahead() const override { return false; }
  Result<std::unique_ptr<write::RowSource>> source(const Staging& staging, const StagedGroup& group,
                                                   const StagedGroupFile& file,
                                                   std::shared_ptr<const stac::ItemSchema> schema,
                                                   const FileContents&) const override {
    std::unordered_set<Hash128> dropped;
    for (const auto& object : group.dropped) {
      if (object.spill.attempt == file.attempt) dropped.insert(object.object);
    }
    return std::make_unique<LinesSource>(staging, staged_file(group, file), file.attempt, std::move(dropped),
                                         std::move(schema));
  }

 private:
  std::string at(std::string_view name) const { return storage::join_uri(root_, name); }

  const std::string root_;
};

}  // namespace

std::shared_ptr<const StagedForm> make_ndjson_form(std::string root) {
  return std::make_shared<NdjsonForm>(std::move(root));
}

std::shared_ptr<const StagedForm> StagedForm::make(const std::string& root, const std::string& parts) {
  return parts.empty() ? make_ndjson_form(root) : make_parquet_form(root, parts);
}

}  // namespace earthcatalog::backfill
