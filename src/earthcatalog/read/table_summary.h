// The size of a snapshot: files, rows, bytes and items; by cell and year, and in all: `earthcatalog info`.
//
//     EC_ASSIGN_OR_RETURN(const TableSummary summary, summarize(table));
//     std::puts(to_json(summary).c_str());
//
// Functions of values, safe to call from many threads at once. They read the manifests of the snapshot, no data file;
// the position deletes of other engines too, when it has any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/read/table_reader.h"
#include "earthcatalog/result.h"
#include "earthcatalog/stac/schema.h"

namespace earthcatalog::read {

/// The files of one cell and year.
struct PartitionSummary {
  std::optional<std::string> cell;  ///< none: rows whose partition is null, of another engine
  std::optional<int> year;          ///< none: of items without a time
  std::int64_t files = 0, bytes = 0;
  std::int64_t rows = 0;  ///< without those that position deletes take away
};

/// Returns one summary for each cell and year that has files and passes the filter, by cell and year. kUnsupported: the
/// snapshot has equality deletes or deletion vectors.
Result<std::vector<PartitionSummary>> summarize_partitions(const TableReader& table,
                                                           const iceberg::FileFilter& filter = {});

/// Returns how many items have rows, by the object index. None: that does not describe the snapshot, see
/// TableReader::index_is_current().
Result<std::optional<std::int64_t>> count_items(const TableReader& table);

/// A cell or year, and its rows.
struct NamedRows {
  std::string name;  ///< "81063ffffffffff", "2021"; "null" and "unknown" when there is none
  std::int64_t rows = 0;
  bool operator==(const NamedRows&) const = default;
};

struct TableSummary {
  std::string table;               ///< "earthcatalog.stac_items"
  std::string catalog, warehouse;  ///< full URIs
  std::string metadata;            ///< URI of the table's metadata file
  grid::GridSpec grid;
  stac::SchemaKind schema{};
  std::int64_t columns = 0;
  std::int64_t snapshots = 0;               ///< of the table; older ones have expired
  std::optional<std::int64_t> snapshot_id;  ///< none: the table has none yet
  std::int64_t files = 0, bytes = 0, rows = 0;
  std::optional<std::int64_t> items;                    ///< count_items()
  std::int64_t cells = 0, years = 0;                    ///< that have rows; items without a time have no year
  std::vector<NamedRows> largest_cells, largest_years;  ///< by rows, then by name
};

/// Returns the summary of the snapshot, with the `largest` largest cells and years.
Result<TableSummary> summarize(const TableReader& table, std::size_t largest = 5);

/// Returns one JSON object.
std::string to_json(const TableSummary& summary);
/// Returns a text for people, one line a fact.
std::string to_text(const TableSummary& summary);

}  // namespace earthcatalog::read
