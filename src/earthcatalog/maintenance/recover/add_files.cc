#include "earthcatalog/maintenance/recover/add_files.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/geoparquet/footer.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/maintenance/recover/found_files.h"
#include "earthcatalog/maintenance/recover/schema_union.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::maintenance {
namespace {

using iceberg::DataFile;

constexpr int kCommitAttempts = 4;
// Without them nobody can tell which row of which item a row is.
constexpr const char* kNeededColumns[] = {"id", "grid_partition"};

Result<std::vector<DataFile>> name_files(const std::vector<std::string>& paths) {
  std::vector<DataFile> files(paths.size());
  std::set<std::string> seen;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    EC_ASSIGN_OR_RETURN(files[i].file_path, storage::normalize_uri(paths[i]));
    const auto partition = partition_of_name(files[i].file_path);
    if (!partition) {
      return fail(ErrorKind::kInvalidArgument,
                  "{}: the path does not say the partition; expected .../grid_partition=<cell>/year=<year>/<file>"
                  ".parquet",
                  files[i].file_path);
    }
    files[i].partition = *partition;
    if (!seen.insert(storage::place_key(files[i].file_path)).second) {
      return fail(ErrorKind::kInvalidArgument, "{} is given twice", files[i].file_path);
    }
  }
  return files;
}

Status check_columns(const geoparquet::FileSchema& file, const iceberg::Schema& table, const std::string& uri) {
  for (const char* name : kNeededColumns) {
    if (file.schema.find(name) != nullptr) continue;
    return fail(ErrorKind::kUnsupported, "{} has no column \"{}\"", uri, name);
  }
  for (const auto& own : file.schema.fields) {
    const auto field = file.has_field_ids ? own : promoted(own);
    const auto* column = table.find(field.name);
    if (column == nullptr) {
      return fail(ErrorKind::kUnsupported, "{} has the column \"{}\", which the table lacks", uri, field.name);
    }
    const bool same_id = !file.has_field_ids || column->field_id == field.field_id;
    if (same_id && column->type.id == field.type.id) continue;
    return fail(ErrorKind::kUnsupported, "column \"{}\" of {} has another {} than the table's", field.name, uri,
                same_id ? "type" : "field id");
  }
  return {};
}

// Fills in what a manifest says of a file.
Status describe(storage::Stores& stores, const iceberg::Schema& table, DataFile& file) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(file.file_path));
  EC_ASSIGN_OR_RETURN(const auto found, where.store->head(where.key));
  if (!found) return fail(ErrorKind::kNotFound, "{} does not exist", file.file_path);
  EC_ASSIGN_OR_RETURN(const auto reader, geoparquet::FileReader::open(where, found->size_bytes));
  EC_ASSIGN_OR_RETURN(const auto columns, geoparquet::file_schema(*reader));
  EC_TRY(check_columns(columns, table, file.file_path));
  EC_ASSIGN_OR_RETURN(file, geoparquet::describe_file(*reader, found->size_bytes, table, file.partition));
  return check_partition(file, table);
}

Status check_new(const iceberg::Table& table, const std::vector<DataFile>& files) {
  std::set<std::string> added;
  for (const auto& file : files) added.insert(storage::place_key(file.file_path));
  EC_TRY(table.list_files({.statistics = false}, [&](DataFile&& file) -> Status {
    if (!added.contains(storage::place_key(file.file_path))) return {};
    return fail(ErrorKind::kAlreadyExists, "{} is in the table already", file.file_path);
  }));
  return {};
}

// A first look makes sure that there is a table: opened for writing, a mistyped path would be a new one.
Result<std::unique_ptr<catalog::Catalog>> open_table(storage::Stores& stores, catalog::CatalogOptions options) {
  options.mode = catalog::OpenMode::kRead;
  EC_TRY(catalog::Catalog::open(stores, options));
  options.mode = catalog::OpenMode::kWrite;
  return catalog::Catalog::open(stores, std::move(options));
}

Status commit(catalog::Catalog& catalog, const std::vector<DataFile>& files, AddFilesReport& report) {
  catalog::CommitRequest request;
  request.added = files;
  request.unrecorded_rows = true;
  request.exclusive = true;
  for (int attempt = 1;; ++attempt) {
    EC_TRY(check_new(catalog.table(), files));
    auto done = catalog.commit(request);
    if (done) {
      report.snapshot_id = done->snapshot_id;
      break;
    }
    if (done.error().kind != ErrorKind::kConflict || attempt == kCommitAttempts) {
      return std::unexpected(std::move(done).error());
    }
    EC_TRY(catalog.refresh());
  }
  // The object index, which has caught up. Should that fail, the next run of any kind does it.
  EC_TRY(catalog.commit({}));
  return {};
}

}  // namespace

Status run_add_files(storage::Stores& stores, const AddFilesSpec& spec, AddFilesReport& report) {
  report.run_id = spec.catalog.run_id;
  EC_ASSIGN_OR_RETURN(auto files, name_files(spec.files));
  EC_ASSIGN_OR_RETURN(const auto catalog, open_table(stores, spec.catalog));
  report.warehouse = catalog->warehouse();
  const auto& schema = catalog->table().schema();
  EC_TRY(parallel_for(files.size(), spec.workers, [&](std::size_t i) { return describe(stores, schema, files[i]); }));
  if (!files.empty()) EC_TRY(commit(*catalog, files, report));
  for (const auto& file : files) {
    ++report.files;
    report.rows += file.record_count;
    report.bytes += file.file_size_in_bytes;
  }
  return catalog->close();
}

std::string to_json(const AddFilesReport& report) {
  nlohmann::ordered_json json;
  json["run_id"] = report.run_id;
  json["warehouse"] = report.warehouse;
  json["files"] = report.files;
  json["rows"] = report.rows;
  json["bytes"] = report.bytes;
  json["snapshot_id"] = report.snapshot_id ? nlohmann::ordered_json(*report.snapshot_id) : nlohmann::ordered_json();
  return json.dump(2);
}

}  // namespace earthcatalog::maintenance
