// Between the columns of STAC items and an Iceberg schema, and the table properties that say what a table is
//.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/iceberg/metadata/table_metadata.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"

namespace earthcatalog::catalog {

inline constexpr std::string_view kGridTypeProperty = "earthcatalog.grid.type";
inline constexpr std::string_view kGridResolutionProperty = "earthcatalog.grid.resolution";
inline constexpr std::string_view kBoundariesPathProperty = "earthcatalog.grid.boundaries_path";
inline constexpr std::string_view kPythonGridProperty = "earthcatalog.grid.python";
inline constexpr std::string_view kIdFieldProperty = "earthcatalog.grid.id_field";
inline constexpr std::string_view kHashIndexPathProperty = "earthcatalog.hash_index_path";
inline constexpr std::string_view kObjectIndexProperty = "earthcatalog.object-index";
/// URI of the catalog that last committed: how a warehouse knows whose it is.
inline constexpr std::string_view kCatalogProperty = "earthcatalog.catalog";
/// The tag of the snapshot that the object index describes: expiry by any engine keeps what a tag names.
inline constexpr std::string_view kIndexTag = "earthcatalog-index";
inline constexpr std::string_view kRunIdSummary = "earthcatalog.run-id";
/// The command of that run: "incremental".
inline constexpr std::string_view kCommandSummary = "earthcatalog.command";
/// Which commit of its run a snapshot is, from 1.
inline constexpr std::string_view kCommitSummary = "earthcatalog.commit";

/// Optional fields of the columns' types, ids as PyIceberg gives them to a new table.
iceberg::Schema iceberg_schema(const stac::ItemSchema& columns);
iceberg::NestedField iceberg_field(const stac::Column& column);

/// A table's schema as ours.
struct RecognizedSchema {
  stac::ItemSchema columns;           ///< with the missing ones behind
  std::vector<stac::Column> missing;  ///< of the peer's tables: what we have to add
  std::string not_writable;  ///< why no row can be written to the table, by the name of a column; empty: it can
};
/// Columns of another engine's are left out: whoever only reads or removes need not know them. kUnsupported names the
/// first column of ours that is missing, or of another type.
Result<RecognizedSchema> recognize(const iceberg::Schema& schema);
/// kUnsupported, with the remedy, when a row that we write would lack a column or break a rule of the table.
Status check_writable(const RecognizedSchema& schema);

/// `{warehouse}_id_hashes.parquet`; for a bucket root `s3://bucket/_id_hashes.parquet`. `{warehouse}_objects`
/// likewise.
std::string hash_index_uri(std::string_view warehouse);
std::string object_index_uri(std::string_view warehouse);

}  // namespace earthcatalog::catalog
