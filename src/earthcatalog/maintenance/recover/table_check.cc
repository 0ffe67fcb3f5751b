#include "earthcatalog/maintenance/recover/table_check.h"

#include "earthcatalog/maintenance/expire/path_set.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::maintenance {
namespace {

constexpr std::size_t kProblemsTold = 20;

bool means_damaged(const Error& error) {
  return error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kInvalidData ||
         error.kind == ErrorKind::kUnsupported;
}

// A file that was cut short is another name.
std::string name_of(const std::string& uri, std::int64_t size) { return fmt::format("{}\n{}", uri, size); }

void add_problem(TableCheck& check, std::string problem) {
  ++check.problem_count;
  if (check.problems.size() < kProblemsTold) check.problems.push_back(std::move(problem));
}

Status list_all(storage::Stores& stores, const std::string& prefix, PathSet& files) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(prefix));
  return where.store->list(where.key, [&](const storage::ObjectInfo& info) -> Status {
    files.mark(name_of(where.store->uri(info.key), info.size_bytes));
    return {};
  });
}

Status look_closer(storage::Stores& stores, const iceberg::DataFile& file, TableCheck& check) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(file.file_path));
  EC_ASSIGN_OR_RETURN(const auto found, where.store->head(where.key));
  if (!found) {
    add_problem(check, fmt::format("data file {} does not exist", file.file_path));
  } else if (found->size_bytes != file.file_size_in_bytes) {
    add_problem(check, fmt::format("data file {} has {} bytes, not {}", file.file_path, found->size_bytes,
                                   file.file_size_in_bytes));
  }
  return {};
}

Status for_each_data_file(const iceberg::Table& table, const std::function<Status(iceberg::DataFile&&)>& visit) {
  iceberg::ListFilesOptions options;
  options.statistics = false;
  EC_TRY(table.list_files(options, visit));
  return {};
}

Status check_data_files(const iceberg::Table& table, const std::string& warehouse, TableCheck& check) {
  auto& stores = table.stores();
  PathSet files;
  const auto gather = [&](iceberg::DataFile&& file) -> Status {
    files.add(name_of(storage::place_key(file.file_path), file.file_size_in_bytes));
    ++check.files;
    check.rows += file.record_count;
    check.bytes += file.file_size_in_bytes;
    return {};
  };
  if (const auto listed = for_each_data_file(table, gather); !listed) {
    if (!means_damaged(listed.error())) return listed;
    add_problem(check, listed.error().message);
    return {};
  }
  files.seal();
  EC_TRY(list_all(stores, storage::join_uri(warehouse, "grid_partition="), files));
  if (files.unmarked() == 0) return {};
  return for_each_data_file(table, [&](iceberg::DataFile&& file) -> Status {
    if (files.marked(name_of(storage::place_key(file.file_path), file.file_size_in_bytes))) return {};
    return look_closer(stores, file, check);
  });
}

}  // namespace

Result<TableCheck> check_table(const iceberg::Table& table, const std::string& warehouse) {
  TableCheck check;
  EC_TRY(check_data_files(table, warehouse, check));
  for (const auto& snapshot : table.metadata().snapshots) {
    if (snapshot.snapshot_id == table.metadata().current_snapshot_id) continue;
    const auto manifests = table.manifests(snapshot.snapshot_id);
    if (manifests) continue;
    if (!means_damaged(manifests.error())) return std::unexpected(manifests.error());
    check.unreadable_snapshots.push_back(
        fmt::format("snapshot {}: {}", snapshot.snapshot_id, manifests.error().message));
  }
  return check;
}

}  // namespace earthcatalog::maintenance
