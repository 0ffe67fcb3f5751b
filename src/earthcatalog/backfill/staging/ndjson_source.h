// The rows of one staged NDJSON file that count, in the columns of the table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>

#include "earthcatalog/backfill/staging/ndjson_files.h"
#include "earthcatalog/base/hash.h"
#include "earthcatalog/compact/partition_merge.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"

namespace earthcatalog::backfill {

/// Reads the file piece by piece, at each read(). Errors name it.
class LinesSource final : public write::RowSource {
 public:
  /// `schema`: the columns of the table; `dropped`: objects whose rows do not count.
  LinesSource(const Staging& staging, StagedFile file, Attempt attempt, std::unordered_set<Hash128> dropped,
              std::shared_ptr<const stac::ItemSchema> schema)
      : staging_(staging),
        file_(std::move(file)),
        attempt_(attempt),
        dropped_(std::move(dropped)),
        schema_(std::move(schema)) {}

  std::int64_t rows() const override { return file_.rows - std::ssize(dropped_); }
  std::int64_t bytes() const override { return file_.bytes; }
  std::int64_t stream_bytes() const override;
  bool keys_are_cheap() const override { return false; }
  Result<std::unique_ptr<geoparquet::RowStream>> read(const iceberg::Schema& schema, std::int64_t batch_rows) override;

 private:
  const Staging& staging_;
  const StagedFile file_;
  const Attempt attempt_;
  const std::unordered_set<Hash128> dropped_;
  const std::shared_ptr<const stac::ItemSchema> schema_;
};

}  // namespace earthcatalog::backfill
