#include "earthcatalog/maintenance/audit/audit.h"

#include "earthcatalog/base/process.h"
#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/ingest/report.h"
#include "earthcatalog/maintenance/audit/audit_files.h"
#include "earthcatalog/maintenance/audit/audit_objects.h"
#include "earthcatalog/maintenance/audit/lost_values.h"
#include "earthcatalog/maintenance/audit/row_judge.h"

namespace earthcatalog::maintenance {
namespace {

using extsort::HashKey;
using index::ObjectIndex;

// The id of an item by the name of its object, as archives name them: the file name without the suffix.
Hash128 id_by_name(const storage::ObjectRef& object, std::string_view suffix) {
  std::string_view name = object.key;
  name.remove_prefix(name.rfind('/') + 1);
  name.remove_suffix(suffix.size());
  return id_hash(name);
}

// One call of run_audit().
class Audit {
 public:
  Audit(storage::Stores& stores, const AuditSpec& spec, AuditReport& report)
      : stores_(stores),
        spec_(spec),
        report_(report),
        findings_(stores, spec.out),
        objects_(stores, spec, report, findings_),
        facts_(sorting(2)) {}

  Status run();

 private:
  // Sorters of a share of the memory.
  extsort::HashTableOptions sorting(std::int64_t share) const {
    return {.scratch_folder = spec_.scratch_folder, .memory_bytes = spec_.memory_limit_bytes / share};
  }

  Status work(const read::TableReader& reader);
  Result<ObjectIndex> index_of(const read::TableReader& reader);
  Result<extsort::HashTable<HashKey>> ids_of_unrecorded();
  Status name_faulty_rows(const iceberg::Table& table, const RowVerdict& verdict);
  Status look_for_lost_values(const iceberg::Table& table);
  Status name_unrecorded();
  Status name_entries(const ObjectIndex& index, const EntryFaults& faults);
  void name_entry(const index::ObjectEntry& entry, const EntryFault& fault);
  Status finish();

  storage::Stores& stores_;
  const AuditSpec& spec_;
  AuditReport& report_;
  Findings findings_;
  ObjectAudit objects_;
  RowFacts facts_;
  // Ids of rows that no object owns and that an unrecorded object is named like.
  std::optional<extsort::HashTable<HashKey>> held_by_name_;
};

Status Audit::run() {
  EC_ASSIGN_OR_RETURN(const auto reader, read::TableReader::open(stores_, spec_.table));
  report_.inventory = spec_.inventory;
  report_.catalog = reader.place().catalog;
  report_.warehouse = reader.place().warehouse;
  EC_TRY(work(reader));
  return finish();
}

Status Audit::work(const read::TableReader& reader) {
  const auto& table = reader.table();
  report_.snapshot_id = reader.place().snapshot_id;
  EC_TRY(objects_.read());
  EC_ASSIGN_OR_RETURN(const ObjectIndex index, index_of(reader));
  EC_TRY(objects_.compare(index, facts_));
  std::shared_ptr<const grid::Partitioner> grid;  // none of a Python partitioner
  if (reader.grid().type != "python") {
    EC_ASSIGN_OR_RETURN(grid, grid::make_partitioner(stores_, reader.grid()));
  }
  CoverCounts covers(std::move(grid));
  EC_TRY(audit_files(table, spec_, covers, findings_, report_.rows, facts_));
  EC_TRY(look_for_lost_values(table));
  EC_ASSIGN_OR_RETURN(const RowVerdict verdict, judge_rows(facts_, sorting(16), report_.rows));
  if (verdict.rows.size() > 0) EC_TRY(name_faulty_rows(table, verdict));
  if (objects_.unrecorded() > 0) EC_TRY(name_unrecorded());
  if (verdict.entries.size() > 0) EC_TRY(name_entries(index, verdict.entries));
  return {};
}

// The index that the table names; an empty one when it is not all there, which the next run makes anew.
Result<ObjectIndex> Audit::index_of(const read::TableReader& reader) {
  const ObjectIndex& index = reader.index();
  report_.index.current = index.manifest().snapshot_id == report_.snapshot_id;
  bool whole = true;
  for (const auto& run : index.manifest().runs) {
    EC_ASSIGN_OR_RETURN(const auto where, stores_.locate(run.uri));
    EC_ASSIGN_OR_RETURN(const auto found, where.store->head(where.key));
    if (found && found->size_bytes == run.size_bytes) continue;
    whole = false;
    findings_.add(Finding::kIndex, {.file = run.uri,
                                    .reason = found ? fmt::format("{} bytes, not {}", found->size_bytes, run.size_bytes)
                                                    : "does not exist"});
  }
  return whole ? index : ObjectIndex::open(stores_, {}, index.options());
}

// The ids that the items of unrecorded objects have if they are named like them.
Result<extsort::HashTable<HashKey>> Audit::ids_of_unrecorded() {
  extsort::HashSorter<HashKey> ids(sorting(16));
  EC_TRY(objects_.for_each_unrecorded(
      [&](const storage::ObjectRef& object) { return ids.add({id_by_name(object, spec_.inventory_options.suffix)}); }));
  return extsort::to_table(ids, sorting(16));
}

Status Audit::name_faulty_rows(const iceberg::Table& table, const RowVerdict& verdict) {
  const bool by_name = verdict.unknown > 0 && objects_.unrecorded() > 0;
  extsort::HashTable<HashKey> wanted(0, sorting(16));
  if (by_name) {
    EC_ASSIGN_OR_RETURN(wanted, ids_of_unrecorded());
  }
  extsort::HashSorter<HashKey> held(sorting(16));
  EC_TRY(name_rows(table, spec_, verdict.faulty_files, verdict.rows, [&](const NamedRow& row) -> Status {
    if (row.finding == Finding::kUnknownRows && by_name) {
      const HashKey id{id_hash(row.id)};
      EC_ASSIGN_OR_RETURN(const bool named, wanted.contains(id.key));
      if (named) return ++report_.rows.by_name, held.add(id);
    }
    if (row.nameless) {  // a stranger's: that its rows are unknown says enough
      EC_ASSIGN_OR_RETURN(const bool named, wanted.contains(id_hash(row.id)));
      if (!named) return {};
    }
    findings_.add(row.finding,
                  {.collection = row.collection, .id = row.id, .cell = row.cell, .year = row.year, .file = row.file});
    return {};
  }));
  EC_ASSIGN_OR_RETURN(held_by_name_, extsort::to_table(held, sorting(16)));
  return {};
}

Status Audit::look_for_lost_values(const iceberg::Table& table) {
  return find_lost_values(table, [&](const LostValues& lost) {
    const auto year = lost.partition.year_since_1970;
    findings_.add(Finding::kLostValues,
                  {.cell = lost.partition.cell ? std::string_view(*lost.partition.cell) : grid::kNoCellName,
                   .year = year ? std::optional(*year + 1970) : std::nullopt,
                   .file = lost.files.front(),
                   .reason = fmt::format("snapshot {} lost {} values of \"{}\"; their rows are in {} files",
                                         lost.snapshot_id, lost.values, lost.column, lost.files.size())});
  });
}

Status Audit::name_unrecorded() {
  return objects_.for_each_unrecorded([&](const storage::ObjectRef& object) -> Status {
    if (held_by_name_) {
      EC_ASSIGN_OR_RETURN(const bool held, held_by_name_->contains(id_by_name(object, spec_.inventory_options.suffix)));
      if (held) return ++report_.objects.by_name, Status{};
    }
    ++report_.objects.missing;
    const std::string name = object.bucket + "/" + object.key;
    findings_.add(Finding::kMissing,
                  {.object = name,
                   .reason = object.last_modified ? "modified " + format_time(*object.last_modified) : std::string()});
    return {};
  });
}

// Entries are found by a second look through the index: they are few, and it is quick.
Status Audit::name_entries(const ObjectIndex& index, const EntryFaults& faults) {
  return index.scan([&](index::ObjectEntry&& entry) -> Status {
    if (entry.name.empty()) return {};
    return faults.find(entry.identity, [&](std::int64_t, const EntryFault& fault) { name_entry(entry, fault); });
  });
}

void Audit::name_entry(const index::ObjectEntry& entry, const EntryFault& fault) {
  if (fault.finding == Finding::kDoubledObjects) {
    if (entry.owns_rows()) findings_.add(fault.finding, {.object = entry.name});
    return;
  }
  if (!entry.owns_rows() && fault.place == 0) {
    findings_.add(fault.finding, {.object = entry.name, .reason = "superseded, but no object owns rows of its item"});
  }
  for (const auto& cell : entry.cells) {
    if (place_of(cell, entry.year.value_or(kNoYear)) != fault.place) continue;
    findings_.add(fault.finding, {.object = entry.name, .cell = cell, .year = entry.year});
  }
}

Status Audit::finish() {
  for (std::size_t i = 0; i < kFindings; ++i) {
    const auto finding = static_cast<Finding>(i);
    if (findings_.count(finding) == 0) continue;
    report_.findings.push_back(
        {.finding = finding, .count = findings_.count(finding), .examples = findings_.examples(finding)});
  }
  EC_ASSIGN_OR_RETURN(report_.out, findings_.finish());
  return {};
}

}  // namespace

Status run_audit(storage::Stores& stores, const AuditSpec& spec, AuditReport& report) {
  const Stopwatch watch;
  auto status = Audit(stores, spec, report).run();
  report.seconds = watch.seconds();
  report.peak_rss_bytes = peak_rss_bytes();
  return status;
}

}  // namespace earthcatalog::maintenance
