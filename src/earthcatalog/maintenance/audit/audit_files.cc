#include "earthcatalog/maintenance/audit/audit_files.h"

#include <arrow/api.h>
#include <fmt/format.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <memory>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/geoparquet/claims.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/write/data_file_source.h"

namespace earthcatalog::maintenance {
namespace {

using iceberg::DataFile;

constexpr std::size_t kFilesAThread = 32;  // that wait for each other: the slowest of a batch ends it
constexpr std::int64_t kMemoryShare = 8;   // of the memory limit, for files that are read side by side

std::string_view text_at(const arrow::StringArray& column, std::int64_t row) {
  return column.IsNull(row) ? std::string_view() : column.GetView(row);
}

const arrow::Array& column_of(const arrow::RecordBatch& rows, const std::string& name) {
  return *rows.column(rows.schema()->GetFieldIndex(name));
}

// The columns that say which row of which item a row is.
class RowNames {
 public:
  explicit RowNames(const arrow::RecordBatch& rows)
      : id_(static_cast<const arrow::StringArray&>(column_of(rows, "id"))),
        collection_(static_cast<const arrow::StringArray&>(column_of(rows, "collection"))),
        cell_(static_cast<const arrow::StringArray&>(column_of(rows, "grid_partition"))),
        datetime_(static_cast<const arrow::TimestampArray&>(column_of(rows, "datetime"))) {}

  std::string_view id(std::int64_t row) const { return text_at(id_, row); }
  std::string_view collection(std::int64_t row) const { return text_at(collection_, row); }
  bool has_cell(std::int64_t row) const { return !cell_.IsNull(row); }
  std::string_view cell(std::int64_t row) const { return has_cell(row) ? cell_.GetView(row) : grid::kNoCellName; }
  std::int32_t year(std::int64_t row) const { return datetime_.IsNull(row) ? kNoYear : utc_year(datetime_.Value(row)); }
  Hash128 identity(std::int64_t row) const { return identity_hash(collection(row), id(row)); }

 private:
  const arrow::StringArray& id_;
  const arrow::StringArray& collection_;
  const arrow::StringArray& cell_;
  const arrow::TimestampArray& datetime_;
};

Result<iceberg::Schema> columns_of(const iceberg::Schema& schema, const std::vector<std::string>& names) {
  iceberg::Schema columns;
  for (const auto& name : names) {
    const auto* field = schema.find(name);
    if (field == nullptr) return fail(ErrorKind::kInvalidData, "the table has no column {}", name);
    columns.fields.push_back(*field);
  }
  return columns;
}

// Calls `visit(number, file)` for each data file, on several threads.
Status for_each_file(const iceberg::Table& table, const AuditSpec& spec, bool statistics,
                     const std::function<Status(std::uint32_t, const DataFile&)>& visit) {
  const auto parallel = table.stores().parallel(spec.workers, spec.memory_limit_bytes / kMemoryShare);
  const std::size_t batch_size = kFilesAThread * std::max(parallel.computing, parallel.under_way);
  ProgressMeter meter(spec.hooks.progress, {.stage = "read files", .unit = "files"});
  std::vector<DataFile> batch;
  std::uint32_t done = 0;
  const auto work = [&]() -> Status {
    if (spec.hooks.stopping()) return fail(ErrorKind::kCancelled, "stopped");
    const auto one = [&](std::size_t i) -> Status {
      EC_TRY(visit(done + static_cast<std::uint32_t>(i), batch[i]));
      meter.add();
      return {};
    };
    EC_TRY(parallel_for(batch.size(), parallel, one,
                        [&](std::size_t i) { return write::bytes_in_memory(batch[i].file_size_in_bytes); }));
    done += static_cast<std::uint32_t>(batch.size());
    batch.clear();
    return {};
  };
  iceberg::ListFilesOptions options;
  options.statistics = statistics;
  EC_TRY(table.list_files(options, [&](DataFile&& file) -> Status {
    batch.push_back(std::move(file));
    return batch.size() < batch_size ? Status{} : work();
  }));
  return work();
}

Status for_each_group(geoparquet::FileReader& reader, const iceberg::Schema& schema,
                      const std::function<Status(const arrow::RecordBatch&)>& visit) {
  for (int group = 0; group < reader.row_groups(); ++group) {
    EC_ASSIGN_OR_RETURN(const auto rows, reader.read_rows(group, schema));
    EC_TRY(visit(*rows));
  }
  return {};
}

// Returns true when the error says that the file is damaged, not that the store cannot be reached.
bool means_damaged(const Error& error) {
  return error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kInvalidData ||
         error.kind == ErrorKind::kUnsupported;
}

// Readers stop where a footer seems to end, and never see that the rest of it is rubbish.
Status check_footer(const geoparquet::FileReader& reader) {
  const std::int64_t read = reader.footer().size();
  if (read == reader.footer_bytes()) return {};
  return fail(ErrorKind::kInvalidData, "reading {}: its footer has {} bytes, of which only {} make sense",
              reader.name(), reader.footer_bytes(), read);
}

// The state that the threads share.
class FilesAudit {
 public:
  FilesAudit(const iceberg::Table& table, const AuditSpec& spec, const geoparquet::ClaimReader& claims,
             CoverCounts& covers, Findings& findings, AuditedRows& counted, RowFacts& facts)
      : table_(table),
        spec_(spec),
        claims_(claims),
        columns_(claims.schema()),
        covers_(covers),
        findings_(findings),
        counted_(counted),
        facts_(facts) {
    const auto* geometry = table.schema().find("geometry");
    if (geometry != nullptr && geometry->type.id == iceberg::TypeId::kBinary) columns_.fields.push_back(*geometry);
  }

  Status run() {
    return for_each_file(table_, spec_, true,
                         [this](std::uint32_t number, const DataFile& file) { return audit(number, file); });
  }

 private:
  // Rows of a file that lie elsewhere than its partition says.
  struct Strays {
    std::int64_t rows = 0;
    std::string first;
  };

  Status audit(std::uint32_t number, const DataFile& file) {
    EC_ASSIGN_OR_RETURN(const auto where, table_.stores().locate(file.file_path));
    EC_ASSIGN_OR_RETURN(const auto found, where.store->head(where.key));
    count_file(file);
    if (!found) return report(Finding::kLostFiles, file, {});
    if (found->size_bytes != file.file_size_in_bytes) {
      EC_TRY(report(Finding::kBrokenFiles, file,
                    fmt::format("{} bytes, not {}", found->size_bytes, file.file_size_in_bytes)));
    }
    auto status = read(number, file, where, found->size_bytes);
    if (status || !means_damaged(status.error())) return status;
    // One finding for each file: that it was cut short is the reason why it cannot be read.
    if (found->size_bytes != file.file_size_in_bytes) return {};
    return report(Finding::kBrokenFiles, file, status.error().message);
  }

  // Manifests describe all rows of a file; those that are deleted are no rows of the table.
  Status read(std::uint32_t number, const DataFile& file, const storage::Location& where, std::int64_t size) {
    EC_ASSIGN_OR_RETURN(const auto reader, geoparquet::FileReader::open(where, size));
    EC_TRY(check_footer(*reader));
    auto check = claims_.check(file);
    Strays strays;
    std::uint32_t first_row = 0;
    const auto take = [&](const arrow::RecordBatch& rows) -> Status {
      EC_TRY(add_facts(rows, number, first_row, file, strays));
      first_row += static_cast<std::uint32_t>(rows.num_rows());
      return {};
    };
    EC_TRY(for_each_group(*reader, columns_, [&](const arrow::RecordBatch& rows) -> Status {
      check.add(rows);
      return file.deletes.empty() ? take(rows) : Status{};
    }));
    if (!file.deletes.empty()) {
      EC_ASSIGN_OR_RETURN(const auto live, geoparquet::FileReader::open(table_.stores(), file));
      EC_TRY(for_each_group(*live, columns_, take));
    }
    for (const auto& contradiction : check.finish()) {
      const bool counts = contradiction.about == geoparquet::Contradiction::About::kCounts;
      EC_TRY(report(counts ? Finding::kWrongCounts : Finding::kWrongBounds, file, contradiction.reason));
    }
    if (strays.rows == 0) return {};
    return report(Finding::kWrongPartitions, file,
                  fmt::format("{} rows of another cell or year, the first {}", strays.rows, strays.first));
  }

  Status add_facts(const arrow::RecordBatch& rows, std::uint32_t number, std::uint32_t first_row, const DataFile& file,
                   Strays& strays) {
    const RowNames names(rows);
    const auto& updated = static_cast<const arrow::TimestampArray&>(column_of(rows, "updated"));
    const int primary_at = rows.schema()->GetFieldIndex("grid_primary");
    const auto* primary =
        primary_at < 0 ? nullptr : static_cast<const arrow::BooleanArray*>(rows.column(primary_at).get());
    std::vector<RowFact> facts(static_cast<std::size_t>(rows.num_rows()));
    for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
      RowFact& fact = facts[static_cast<std::size_t>(row)];
      fact.key = names.identity(row);
      fact.year = names.year(row);
      fact.place = place_of(names.cell(row), fact.year);
      fact.what = primary == nullptr || primary->IsNull(row) ? RowFact::What::kUnsaidRow
                  : primary->Value(row)                      ? RowFact::What::kPrimaryRow
                                                             : RowFact::What::kRow;
      if (!updated.IsNull(row)) fact.updated = updated.Value(row);
      fact.source = number;
      fact.row = first_row + static_cast<std::uint32_t>(row);
      look_for_stray(names, row, fact.year, file, strays);
    }
    if (const auto geometries = rows.GetColumnByName("geometry")) covers_.set(*geometries, facts);
    const MutexLock lock(mutex_);
    counted_.rows += rows.num_rows();
    for (const auto& fact : facts) EC_TRY(facts_.add(fact));
    return {};
  }

  static void look_for_stray(const RowNames& names, std::int64_t row, std::int32_t year, const DataFile& file,
                             Strays& strays) {
    const auto& [cell, years] = file.partition;
    const bool in_cell = cell ? names.has_cell(row) && names.cell(row) == *cell : !names.has_cell(row);
    if (in_cell && year == (years ? *years + 1970 : kNoYear)) return;
    if (strays.rows++ > 0) return;
    strays.first =
        fmt::format("{} in {}/{}", names.id(row), names.cell(row), year == kNoYear ? "unknown" : std::to_string(year));
  }

  void count_file(const DataFile& file) {
    const MutexLock lock(mutex_);
    ++counted_.files;
    counted_.bytes += file.file_size_in_bytes;
  }

  Status report(Finding finding, const DataFile& file, std::string reason) {
    findings_.add(finding, {.file = file.file_path, .reason = std::move(reason)});
    return {};
  }

  const iceberg::Table& table_;
  const AuditSpec& spec_;
  const geoparquet::ClaimReader& claims_;
  iceberg::Schema columns_;  // with claims, and behind them the geometry
  CoverCounts& covers_;
  Findings& findings_;
  Mutex mutex_;
  AuditedRows& counted_ EC_GUARDED_BY(mutex_);
  RowFacts& facts_ EC_GUARDED_BY(mutex_);
};

}  // namespace

Status audit_files(const iceberg::Table& table, const AuditSpec& spec, CoverCounts& covers, Findings& findings,
                   AuditedRows& counted, RowFacts& facts) {
  EC_TRY(columns_of(table.schema(), {"id", "collection", "grid_partition", "datetime", "updated"}));
  EC_ASSIGN_OR_RETURN(const auto claims, geoparquet::ClaimReader::make(table.schema()));
  return FilesAudit(table, spec, claims, covers, findings, counted, facts).run();
}

Status name_rows(const iceberg::Table& table, const AuditSpec& spec, const std::vector<bool>& files,
                 const RowFaults& faults, const std::function<Status(const NamedRow&)>& visit) {
  EC_ASSIGN_OR_RETURN(const auto schema,
                      columns_of(table.schema(), {"id", "collection", "grid_partition", "datetime"}));
  Mutex mutex;
  const auto name_batch = [&](std::uint32_t number, const DataFile& file, const arrow::RecordBatch& rows,
                              std::uint32_t first_row) -> Status {
    const RowNames names(rows);
    for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
      std::vector<RowFault> found;
      EC_TRY(faults.find(names.identity(row), [&](std::int64_t, const RowFault& fault) {
        if (fault.file == number && fault.row == first_row + row) found.push_back(fault);
      }));
      const auto year = names.year(row);
      const MutexLock lock(mutex);
      for (const auto& fault : found) {
        EC_TRY(visit({.collection = names.collection(row),
                      .id = names.id(row),
                      .cell = names.cell(row),
                      .year = year == kNoYear ? std::nullopt : std::optional(year),
                      .file = file.file_path,
                      .finding = fault.finding,
                      .nameless = fault.nameless}));
      }
    }
    return {};
  };
  return for_each_file(table, spec, false, [&](std::uint32_t number, const DataFile& file) -> Status {
    if (number >= files.size() || !files[number]) return {};
    EC_ASSIGN_OR_RETURN(const auto where, table.stores().locate(file.file_path));
    EC_ASSIGN_OR_RETURN(const auto reader, file.deletes.empty() ? geoparquet::FileReader::open(where, {})
                                                                : geoparquet::FileReader::open(table.stores(), file));
    std::uint32_t first_row = 0;
    return for_each_group(*reader, schema, [&](const arrow::RecordBatch& rows) -> Status {
      EC_TRY(name_batch(number, file, rows, first_row));
      first_row += static_cast<std::uint32_t>(rows.num_rows());
      return {};
    });
  });
}

}  // namespace earthcatalog::maintenance
