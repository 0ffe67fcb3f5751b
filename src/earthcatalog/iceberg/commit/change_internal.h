// The changes that a transaction asks for, apart from the state that they are applied to.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"

namespace earthcatalog::iceberg {

struct Change {
  std::int64_t snapshot_id = 0;

  Schema base_schema;
  Schema schema;  ///< base_schema, or a new one with columns appended
  std::int32_t base_last_column_id = 0, last_column_id = 0;
  std::int32_t new_schema_id = 0;  ///< of `schema` once it has new columns

  Properties properties;  ///< to set
  Properties summary;

  std::vector<DataFile> added;
  std::map<std::string, PartitionKey> removed;  ///< by storage::place_key of the path
  bool rows_unchanged = false;

  std::set<std::string> moved_tags;  ///< to the snapshot that is current afterwards
  std::set<std::int64_t> removed_snapshots;
  std::optional<std::int64_t> forget_metadata_before_ms;  ///< older entries leave the metadata log

  bool evolves_schema() const { return schema.schema_id != base_schema.schema_id; }
  bool changes_files() const { return !added.empty() || !removed.empty(); }
  bool shortens_history() const { return !removed_snapshots.empty() || forget_metadata_before_ms.has_value(); }
  bool changes_anything() const {
    return changes_files() || evolves_schema() || !properties.empty() || !moved_tags.empty() || shortens_history();
  }
};

}  // namespace earthcatalog::iceberg
