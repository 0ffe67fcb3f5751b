#include "earthcatalog/maintenance/recover/reconstruct.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <span>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/catalog/table_grid.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/geoparquet/footer.h"
#include "earthcatalog/geoparquet/position_deletes.h"
#include "earthcatalog/iceberg/commit/transaction.h"
#include "earthcatalog/maintenance/recover/found_files.h"
#include "earthcatalog/maintenance/recover/row_choice.h"
#include "earthcatalog/maintenance/recover/schema_union.h"
#include "earthcatalog/write/remove_rows.h"

namespace earthcatalog::maintenance {
namespace {

// Rows of 24 bytes: the files of further ones are opened again.
constexpr std::int64_t kMostKeptRows = 8 << 20;

// Holds the pointer of a table that no catalog shall know before it is complete.
class NoCatalogYet final : public iceberg::Catalog {
 public:
  std::string name() const override { return "no catalog yet"; }
  Result<std::optional<std::string>> metadata_location(const iceberg::TableIdentifier&) override { return location_; }
  Result<bool> swap(const iceberg::TableIdentifier&, const std::optional<std::string>& expected,
                    const std::string& location, const iceberg::CommitGuard&) override {
    if (location_ != expected) return false;
    location_ = location;
    return true;
  }

 private:
  std::optional<std::string> location_;
};

// The grid that the cells are of, unless it was asked for.
Result<grid::GridSpec> grid_of(const std::vector<FoundFile>& files, const catalog::GridRequest& asked) {
  if (asked.type.value_or("h3") != "h3") return catalog::grid_of_new_table(asked, std::nullopt);
  std::optional<int> resolution = asked.resolution;
  for (const auto& found : files) {
    const std::string cell = found.file.partition.cell.value_or("");
    if (cell == grid::kNoCellName) continue;
    const auto own = catalog::h3_resolution_of(cell);
    if (!own) {
      return fail(ErrorKind::kInvalidArgument,
                  "{} is in no cell of H3; say which grid it is: `grid` geojson, with `boundaries` and `id_field`",
                  found.file.file_path);
    }
    if (resolution && *resolution != *own) {
      return fail(ErrorKind::kInvalidArgument, "{} is in a cell of resolution {}, not {}", found.file.file_path, *own,
                  *resolution);
    }
    resolution = own;
  }
  return catalog::grid_of_new_table(asked, resolution);
}

// One call of reconstruct().
class Work {
 public:
  Work(storage::Stores& stores, const ReconstructSpec& spec, Reconstruction& result)
      : stores_(stores), spec_(spec), result_(result) {}

  Status run();

 private:
  Status read_files();
  Result<geoparquet::FileSchema> read(FoundFile& found);
  Status choose();
  Status describe();
  Status rewrite();
  Status check_partly() const;
  Status write_table(const grid::GridSpec& grid);
  iceberg::CreateTableOptions table_options(const grid::GridSpec& grid) const;

  storage::Stores& stores_;
  const ReconstructSpec& spec_;
  Reconstruction& result_;
  std::vector<FoundFile> files_;
  iceberg::Schema schema_;
  std::atomic<std::int64_t> kept_rows_ = 0;
  std::vector<FoundFile> taken_;          // whole
  std::vector<iceberg::DataFile> added_;  // to the table
  std::vector<std::pair<FoundFile, FileChoice>> partly_;
};

Status Work::run() {
  EC_ASSIGN_OR_RETURN(files_, find_data_files(stores_, spec_.warehouse));
  result_.files_found = std::ssize(files_);
  EC_TRY(read_files());
  if (files_.empty()) {
    return fail(ErrorKind::kNotFound,
                "{} has no readable data files (grid_partition=*/year=*/*.parquet); check the path", spec_.warehouse);
  }
  EC_ASSIGN_OR_RETURN(const auto grid, grid_of(files_, spec_.grid));
  EC_TRY(choose());
  EC_TRY(describe());
  result_.files_rewritten = std::ssize(partly_);
  if (!spec_.dry_run) {
    EC_TRY(check_partly());
    EC_TRY(rewrite());
    EC_TRY(write_table(grid));
  }
  return {};
}

// All that the file alone can tell, while it is open: one without field ids is described when the table's are known.
Result<geoparquet::FileSchema> Work::read(FoundFile& found) {
  auto& file = found.file;
  EC_ASSIGN_OR_RETURN(const auto reader,
                      geoparquet::FileReader::open(stores_, file.file_path, file.file_size_in_bytes));
  EC_ASSIGN_OR_RETURN(auto schema, geoparquet::file_schema(*reader));
  file.record_count = schema.rows;
  if (geoparquet::is_position_deletes(schema.schema)) {
    return fail(ErrorKind::kInvalidData,
                "{} holds deletes of another engine, which mean nothing without the table's metadata: the rows that it "
                "names come back",
                file.file_path);
  }
  if (!schema.has_field_ids) return schema;
  EC_ASSIGN_OR_RETURN(file, geoparquet::describe_file(*reader, file.file_size_in_bytes, schema.schema, file.partition));
  found.described = true;
  if (kept_rows_.fetch_add(schema.rows) + schema.rows <= kMostKeptRows) {
    auto items = read_items(*reader, schema.schema);
    if (items) found.items = *std::move(items);  // else choose() will tell why not
  }
  return schema;
}

// Files that cannot be read are no part of a table; they are told, and stay where they are.
Status Work::read_files() {
  std::vector<geoparquet::FileSchema> schemas(files_.size());
  std::vector<std::string> problems(files_.size());
  EC_TRY(parallel_for(files_.size(), spec_.workers, [&](std::size_t i) -> Status {
    auto schema = read(files_[i]);
    if (schema) {
      schemas[i] = std::move(*schema);
    } else if (schema.error().kind == ErrorKind::kInvalidData || schema.error().kind == ErrorKind::kNotFound) {
      problems[i] = schema.error().message;
    } else {
      return std::unexpected(std::move(schema).error());
    }
    return {};
  }));
  SchemaUnion all;
  std::vector<FoundFile> readable;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (!problems[i].empty()) {
      result_.unreadable.push_back({.uri = files_[i].file.file_path, .reason = problems[i]});
      continue;
    }
    EC_TRY(all.add(schemas[i], files_[i].file.file_path));
    readable.push_back(std::move(files_[i]));
  }
  files_ = std::move(readable);
  if (files_.empty()) return {};
  EC_ASSIGN_OR_RETURN(schema_, all.finish());
  return {};
}

Status Work::choose() {
  EC_ASSIGN_OR_RETURN(auto choices, choose_rows(stores_, schema_, files_, spec_.workers));
  for (std::size_t i = 0; i < files_.size(); ++i) {
    files_[i].items.reset();
    result_.rows_left_out += std::ssize(choices[i].dropped);
    result_.rows += choices[i].rows - std::ssize(choices[i].dropped);
    if (choices[i].nothing_left()) {
      result_.left_out.push_back(files_[i].file.file_path);
    } else if (choices[i].whole()) {
      taken_.push_back(std::move(files_[i]));
    } else {
      result_.partly.push_back(files_[i].file.file_path);
      partly_.emplace_back(std::move(files_[i]), std::move(choices[i]));
    }
  }
  result_.files_left_out = std::ssize(result_.left_out);
  result_.files_taken = std::ssize(taken_);
  return {};
}

Status Work::describe() {
  EC_TRY(parallel_for(taken_.size(), spec_.workers, [&](std::size_t i) -> Status {
    auto& [file, modified, described, items] = taken_[i];
    if (!described) {
      EC_ASSIGN_OR_RETURN(const auto reader,
                          geoparquet::FileReader::open(stores_, file.file_path, file.file_size_in_bytes));
      EC_ASSIGN_OR_RETURN(file, geoparquet::describe_file(*reader, file.file_size_in_bytes, schema_, file.partition));
    }
    return check_partition(file, schema_);
  }));
  for (auto& found : taken_) {
    result_.bytes += found.file.file_size_in_bytes;
    added_.push_back(std::move(found.file));
  }
  return {};
}

Status Work::check_partly() const {
  if (spec_.rewrite || partly_.empty()) return {};
  constexpr std::size_t kTold = 5;
  return fail(
      ErrorKind::kInvalidData,
      "{} files hold some rows that other files hold in a newer version or too, and some that none does ({}{}). With "
      "`rewrite` they are written anew without those rows; the old ones stay until expire removes them",
      partly_.size(), fmt::join(std::span(result_.partly).first(std::min(kTold, result_.partly.size())), ", "),
      partly_.size() > kTold ? ", …" : "");
}

Status Work::rewrite() {
  if (partly_.empty()) return {};
  EC_ASSIGN_OR_RETURN(const auto writer, write::PartitionWriters::make(schema_));
  write::FileNames names(spec_.warehouse, spec_.run_id);
  for (const auto& [found, choice] : partly_) {
    write::Removals removals;
    removals[write::partition_of(found.file.partition)].insert(choice.dropped.begin(), choice.dropped.end());
    EC_ASSIGN_OR_RETURN(auto outcome, write::remove_rows(stores_, {found.file}, removals, names, writer, {}));
    for (auto& file : outcome.added) {
      result_.bytes += file.file_size_in_bytes;
      added_.push_back(std::move(file));
    }
  }
  return {};
}

iceberg::CreateTableOptions Work::table_options(const grid::GridSpec& grid) const {
  iceberg::CreateTableOptions options;
  options.schema = schema_;
  options.warehouse = spec_.warehouse;
  options.properties = catalog::grid_properties(grid);
  options.properties.emplace(catalog::kHashIndexPathProperty, catalog::hash_index_uri(spec_.warehouse));
  options.keep_ids = true;
  options.table_uuid = spec_.table_uuid;
  options.follows = spec_.follows;
  return options;
}

// No object index: the next run makes it anew from the rows, since the table names none.
Status Work::write_table(const grid::GridSpec& grid) {
  NoCatalogYet pointer;
  EC_ASSIGN_OR_RETURN(auto table, iceberg::Table::create(stores_, pointer, table_options(grid), {}, spec_.clock));
  iceberg::Transaction change(table);
  change.append(std::move(added_));
  change.set_summary(std::string(catalog::kRunIdSummary), spec_.run_id);
  change.set_summary("earthcatalog.reconstructed", "true");
  EC_ASSIGN_OR_RETURN(const auto done, change.commit(table, {.clock = spec_.clock}));
  result_.metadata = done.metadata_location;
  result_.snapshot_id = done.snapshot_id.value_or(0);
  return {};
}

}  // namespace

Status reconstruct(storage::Stores& stores, const ReconstructSpec& spec, Reconstruction& result) {
  return Work(stores, spec, result).run();
}

}  // namespace earthcatalog::maintenance
