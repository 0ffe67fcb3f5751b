// Phase 3 of the direct shape: the parts that phase 2 wrote of some buckets, as data files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/backfill/compact_group.h"
#include "earthcatalog/pipeline/part_names.h"
#include "earthcatalog/pipeline/table_writer.h"
#include "earthcatalog/stac/schema.h"

namespace earthcatalog::backfill {

/// A group of one part whose rows all count, in the columns of the table, is copied byte for byte; any other is merged,
/// sorted, within the spec's memory limit. What it is given must outlive it. Not thread-safe.
class PartMerge {
 public:
  PartMerge(storage::Stores& stores, const Staging& staging, const CompactGroupSpec& spec,
            std::shared_ptr<const stac::ItemSchema> schema, const pipeline::TableWriter& writer,
            pipeline::PartNames& names)
      : stores_(stores), staging_(staging), spec_(spec), schema_(std::move(schema)), writer_(writer), names_(names) {}

  Status run();

  /// All of them after run(); after an error, what the caller has to discard.
  const std::vector<iceberg::DataFile>& files() const { return files_; }
  std::int64_t rows() const { return rows_; }
  std::int64_t items() const { return items_; }
  std::int64_t dropped_rows() const { return dropped_rows_; }

 private:
  Status copy(const GroupFile& part, const iceberg::DataFile& file);
  Status merge(const Group& group);

  storage::Stores& stores_;
  const Staging& staging_;
  const CompactGroupSpec& spec_;
  const std::shared_ptr<const stac::ItemSchema> schema_;
  const pipeline::TableWriter& writer_;
  pipeline::PartNames& names_;
  std::vector<iceberg::DataFile> files_;
  std::int64_t rows_ = 0, items_ = 0, dropped_rows_ = 0;
};

/// Whether the spec's `copies` has to name the only file of this group.
bool is_copied(const Group& group, std::int64_t compact_rows);

}  // namespace earthcatalog::backfill
