#include "earthcatalog/write/remove_rows.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <optional>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/geoparquet/value_counts.h"
#include "earthcatalog/write/data_file_source.h"
#include "earthcatalog/write/rolling_writer.h"
#include "earthcatalog/write/row_filter.h"

namespace earthcatalog::write {
namespace {

// Counts the rows of the file that go. Reads two columns.
Result<std::int64_t> count_dropped(geoparquet::FileReader& file, const std::unordered_set<Hash128>& dropped,
                                   const iceberg::Schema& schema) {
  iceberg::Schema names;
  for (const char* name : {"id", "collection"}) {
    if (const auto* field = schema.find(name)) names.fields.push_back(*field);
  }
  std::int64_t count = 0;
  for (int group = 0; group < file.row_groups(); ++group) {
    EC_ASSIGN_OR_RETURN(const auto rows, file.read_rows(group, names));
    EC_ASSIGN_OR_RETURN(const auto mask, rows_that_stay(*rows, dropped));
    count += mask.dropped;
  }
  return count;
}

Status copy_without(geoparquet::FileReader& file, const std::unordered_set<Hash128>& dropped,
                    const iceberg::Schema& schema, RollingWriter& out, geoparquet::ValueCounts& counts) {
  for (int group = 0; group < file.row_groups(); ++group) {
    EC_ASSIGN_OR_RETURN(auto rows, file.read_rows(group, schema));
    counts.add(*rows);
    EC_ASSIGN_OR_RETURN(const auto mask, rows_that_stay(*rows, dropped));
    EC_ASSIGN_OR_RETURN(rows, filter_rows(rows, mask));
    EC_TRY(out.append(rows));
  }
  return {};
}

struct OneRewrite {
  std::vector<iceberg::DataFile> added;
  std::int64_t rows_removed = 0;
};

Result<OneRewrite> rewrite_one(storage::Stores& stores, const iceberg::DataFile& old_file,
                               const std::unordered_set<Hash128>& dropped, FileNames& names,
                               const PartitionWriters& writer) {
  EC_ASSIGN_OR_RETURN(const auto file, geoparquet::FileReader::open(stores, old_file));
  OneRewrite result;
  EC_ASSIGN_OR_RETURN(result.rows_removed, count_dropped(*file, dropped, writer.schema()));
  const std::int64_t left = file->live_rows() - result.rows_removed;
  if (result.rows_removed == 0 || left == 0) return result;
  RollingWriter out(stores, names, writer.of(partition_of(old_file.partition).cell), old_file.partition,
                    {.rows = left});
  geoparquet::ValueCounts counts(writer.schema());
  auto status = copy_without(*file, dropped, writer.schema(), out, counts);
  if (status) status = counts.check(old_file);
  if (!status) {
    discard_files(stores, out.files());
    return std::unexpected(std::move(status).error());
  }
  result.added = out.files();
  return result;
}

}  // namespace

iceberg::FileFilter filter_of(const Removals& removals) {
  iceberg::FileFilter filter;
  for (const auto& [partition, items] : removals) {
    const auto key = partition_key(partition);
    filter.cells.insert(key.cell);
    filter.years_since_1970.insert(key.year_since_1970);
  }
  return filter;
}

Result<std::vector<iceberg::DataFile>> files_of(const iceberg::Table& table, const Removals& removals) {
  std::vector<iceberg::DataFile> files;
  if (removals.empty()) return files;
  EC_TRY(table.list_files({.filter = filter_of(removals)}, [&](iceberg::DataFile&& file) -> Status {
    if (removals.contains(partition_of(file.partition))) files.push_back(std::move(file));
    return {};
  }));
  return files;
}

Result<RemovedRows> remove_rows(storage::Stores& stores, const std::vector<iceberg::DataFile>& files,
                                const Removals& removals, FileNames& names, const PartitionWriters& writer,
                                const Parallel& parallel) {
  RemovedRows outcome;
  Mutex mutex;
  const auto rewrite = [&](std::size_t i) -> Status {
    const auto dropped = removals.find(partition_of(files[i].partition));
    if (dropped == removals.end()) return {};
    auto one = rewrite_one(stores, files[i], dropped->second, names, writer);
    if (!one) return std::unexpected(std::move(one).error().annotate("rewriting " + files[i].file_path));
    if (one->rows_removed == 0) return {};
    const MutexLock lock(mutex);
    outcome.removed.push_back(files[i]);
    outcome.rows_removed += one->rows_removed;
    std::ranges::move(one->added, std::back_inserter(outcome.added));
    return {};
  };
  const auto holds = [&](std::size_t i) { return bytes_in_memory(files[i].file_size_in_bytes); };
  const auto status = parallel_for(files.size(), parallel, rewrite, holds);
  if (!status) {
    discard_files(stores, outcome.added);
    return std::unexpected(status.error());
  }
  return outcome;
}

void discard_files(storage::Stores& stores, const std::vector<iceberg::DataFile>& files) {
  const auto discard = [&](std::size_t i) -> Status {
    if (const auto where = stores.locate(files[i].file_path)) {
      [[maybe_unused]] const auto ignored = where->store->remove(std::span(&where->key, 1));
    }
    return {};
  };
  static_cast<void>(parallel_for(files.size(), stores.parallel(1), discard));
}

}  // namespace earthcatalog::write
