// Visits the items that have rows in a data file, and the files of a table.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::index {

using VisitRow = std::function<Status(const Hash128& identity, std::optional<TimeMicros> updated)>;
/// Calls `visit` for each row of `file`, which has columns of `schema`. Memory is three columns of a row group.
Status for_each_row(storage::Stores& stores, const iceberg::Schema& schema, const iceberg::DataFile& file,
                    const VisitRow& visit);
/// The same of a file that is open.
Status for_each_row(geoparquet::FileReader& file, const iceberg::Schema& schema, const VisitRow& visit);

/// Calls `visit(id)` for each row of `file` that has an id. Memory is one column of a row group.
Status for_each_id(storage::Stores& stores, const iceberg::Schema& schema, const iceberg::DataFile& file,
                   const std::function<Status(std::string_view)>& visit);

/// Calls `visit(file, came)` for each data file that only one of two snapshots has: first those of `before` (came is
/// false), then those of `now`, each by path. No snapshot: no files. Where files are far, several are visited side by
/// side, on threads of their own. Memory is the names of all files of both.
Status for_each_changed_file(const iceberg::Table& table, std::optional<std::int64_t> before,
                             std::optional<std::int64_t> now,
                             const std::function<Status(const iceberg::DataFile&, bool came)>& visit);

/// Calls `visit(file)` for each data file that both snapshots have. Threads and memory as above.
Status for_each_kept_file(const iceberg::Table& table, std::optional<std::int64_t> before,
                          std::optional<std::int64_t> now,
                          const std::function<Status(const iceberg::DataFile&)>& visit);

}  // namespace earthcatalog::index
