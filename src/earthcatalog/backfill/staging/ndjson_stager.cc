#include "earthcatalog/backfill/phases/chunk_stager.h"
#include "earthcatalog/backfill/staging/ndjson_files.h"
#include "earthcatalog/base/together.h"
#include "earthcatalog/ingest/item_rows.h"

namespace earthcatalog::backfill {
namespace {

// A file of lines for each partition and spill, and one run of entries for the whole attempt.
class NdjsonStager final : public ChunkStager {
 public:
  explicit NdjsonStager(const StagerContext& context) : ChunkStager(context) {}

  bool needs_text() const override { return true; }
  // The columns of `auto`, so that every property is observed; phase 3 decides which schema it will be.
  Result<std::unique_ptr<ingest::StartSchema>> start_schema() const override {
    return std::make_unique<ingest::StartSchema>(
        std::make_shared<const stac::ItemSchema>(stac::initial_schema(stac::SchemaKind::kAuto)), false);
  }
  Status write(ChunkParts parts, bool is_last) override {
    auto& record = context_.record;
    for (const auto& part : parts) {
      for (const auto& item : part->items) {
        record.items.add(entries_.emplace_back(ingest::entry_of(*part, item, context_.grid)), 1);
      }
    }
    std::vector<StagedFile> files;
    EC_TRY(together({[&]() -> Status {
                       if (parts.empty()) return {};
                       const WriteRowsOptions options{.attempt = at(), .spill = spills_++, .parallel = parallel()};
                       EC_ASSIGN_OR_RETURN(files, write_rows(context_.staging, context_.grid, parts, options));
                       return {};
                     },
                     [&] { return is_last ? write_entries() : Status{}; }}));
    for (auto& file : files) {
      record.rows += file.rows;
      record.files.push_back(std::move(file));
    }
    return {};
  }

 private:
  int spills_ = 0;
};

}  // namespace

std::unique_ptr<ChunkStager> make_ndjson_stager(const StagerContext& context) {
  return std::make_unique<NdjsonStager>(context);
}

}  // namespace earthcatalog::backfill
