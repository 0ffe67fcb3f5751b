#include "earthcatalog/backfill/phases/commit_plan.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "earthcatalog/backfill/phases/plan_upsert.h"
#include "earthcatalog/backfill/staging/staged_file_source.h"
#include "earthcatalog/backfill/stop.h"
#include "earthcatalog/backfill/tasks/group_merge.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/write/data_file_source.h"

namespace earthcatalog::backfill {
namespace {

// Small groups cost more than their bytes: a file each.
constexpr std::size_t kGroupsPerTask = 512;

using PresentFiles = std::map<write::Partition, std::vector<iceberg::DataFile>>;

// Groups of the summary get what they lose; partitions that only lose rows become groups.
void add_removals(const write::Removals& removals, StagedSummary& summary) {
  std::vector<StagedGroup> others;
  for (const auto& [partition, identities] : removals) {
    auto group = std::ranges::lower_bound(summary.groups, partition, {}, &StagedGroup::partition);
    const bool found = group != summary.groups.end() && group->partition == partition;
    auto& target =
        found ? *group
              : others.emplace_back(StagedGroup{.partition = partition, .files = {}, .dropped = {}, .removals = {}});
    target.removals.assign(identities.begin(), identities.end());
    std::ranges::sort(target.removals);
  }
  std::ranges::move(others, std::back_inserter(summary.groups));
  std::ranges::sort(summary.groups, {}, &StagedGroup::partition);
}

Result<PresentFiles> list_present(const catalog::Catalog& catalog, const write::Removals& removals) {
  PresentFiles present;
  if (removals.empty() || !catalog.has_table()) return present;
  const iceberg::ListFilesOptions options{.filter = write::filter_of(removals), .only_counts = true};
  EC_TRY(catalog.table().list_files(options, [&](iceberg::DataFile&& file) -> Status {
    auto partition = write::partition_of(file.partition);
    if (!removals.contains(partition)) return {};
    if (!file.deletes.empty()) {  // tasks know files by manifests, which do not tell what is deleted
      return fail(ErrorKind::kUnsupported,
                  "rows of {} are deleted by {}, which another engine wrote; run `compact()`, which applies deletes, "
                  "and then this again",
                  file.file_path, file.deletes.front().file_path);
    }
    present[std::move(partition)].push_back(std::move(file));
    return {};
  }));
  for (auto& [partition, files] : present) std::ranges::sort(files, {}, &iceberg::DataFile::file_path);
  return present;
}

std::int64_t weight_of(const StagedGroup& group, const PresentFiles& present, const StagedForm& form) {
  std::int64_t bytes = 0;
  for (const auto& file : group.files) bytes += form.ndjson_bytes(file.bytes);
  if (const auto at = present.find(group.partition); at != present.end()) {
    for (const auto& file : at->second) bytes += kNdjsonOfParquet * file.file_size_in_bytes;
  }
  return bytes;
}

std::vector<Task> cut_tasks(const std::vector<StagedGroup>& groups, const PresentFiles& present, const StagedForm& form,
                            std::int64_t task_bytes) {
  std::vector<Task> tasks;
  std::int64_t bytes = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto weight = weight_of(groups[g], present, form);
    if (tasks.empty() || bytes + weight > task_bytes || g - tasks.back().first == kGroupsPerTask) {
      tasks.push_back({.first = g, .end = g, .present = {}});
      bytes = 0;
    }
    tasks.back().end = g + 1;
    bytes += weight;
  }
  return tasks;
}

// Named by what it holds: a list that was made on another state is never taken for it. Empty when it holds nothing.
Result<std::string> write_list(const Staging& staging, const TableSchema& schema,
                               std::vector<iceberg::DataFile> files) {
  if (files.empty()) return std::string();
  std::string names;
  for (const auto& file : files) names += file.file_path + "\n";
  auto uri = staging.file_list(to_hex(hash128(names)));
  EC_ASSIGN_OR_RETURN(const auto bytes, write_file_list(schema, {.added = std::move(files), .removed = {}}));
  EC_TRY(staging.write(uri, bytes));
  return uri;
}

Status write_present(const Staging& staging, const CommitPlan& plan, const PresentFiles& present, Task& task) {
  std::vector<iceberg::DataFile> files;
  for (std::size_t g = task.first; g < task.end; ++g) {
    const auto at = present.find(plan.summary.groups[g].partition);
    if (at != present.end()) files.insert(files.end(), at->second.begin(), at->second.end());
  }
  EC_TRY(check_stop(plan.options.hooks));
  EC_ASSIGN_OR_RETURN(task.present, write_list(staging, *plan.schema, std::move(files)));
  return {};
}

PartForm form_of(const TableSchema& part, const TableSchema& table, const stac::ObservedProperties& observed) {
  if (part == table) return PartForm::kSame;
  if (part.kind != table.kind) return PartForm::kItems;
  std::size_t found = 0;
  for (const auto& column : table.columns) {
    const auto same = std::ranges::find(part.columns, column.name, &SpecColumn::name);
    if (same == part.columns.end()) {
      // Too many columns when the part was written: its rows have the property elsewhere.
      if (observed.contains(column.name)) return PartForm::kItems;
    } else if (same->type != column.type) {
      return PartForm::kItems;
    } else {
      ++found;
    }
  }
  return found == part.columns.size() ? PartForm::kFewerColumns : PartForm::kItems;
}

// What data files are to the table's columns; lines have to be read as items all the same.
void set_forms(CommitPlan& plan) {
  std::map<Spill, PartForm> forms;
  for (const auto& record : plan.summary.records) {
    Spill spill{.attempt = record.at()};
    for (const auto& schema : record.schemas) {
      forms[spill] = form_of(schema, *plan.schema, record.observed);
      ++spill.number;
    }
  }
  for (auto& group : plan.summary.groups) {
    for (auto& file : group.files) {
      if (const auto known = forms.find(file.spill()); known != forms.end()) file.form = known->second;
    }
  }
}

// The descriptions of parts that are data files as they are, for their tasks: nobody has to read a footer.
Status write_copies(const Staging& staging, CommitPlan& plan) {
  std::map<Spill, std::set<std::string>> wanted;
  for (const auto& group : plan.summary.groups) {
    if (!is_copied(group, plan.options.compact_rows)) continue;
    const auto& file = group.files.front();
    wanted[file.spill()].insert(staging.rows(group.partition, file.attempt, file.number));
  }
  std::map<std::string, iceberg::DataFile> known;
  std::mutex mutex;  // of `known`
  EC_TRY(parallel_for(wanted.size(), staging.stores().parallel(1), [&](std::size_t i) -> Status {
    const auto& [spill, uris] = *std::next(wanted.begin(), static_cast<std::ptrdiff_t>(i));
    EC_ASSIGN_OR_RETURN(auto list, read_file_list(staging, staging.part_files(spill), *plan.schema));
    const std::lock_guard lock(mutex);
    for (auto& file : list.added) {
      if (uris.contains(file.file_path)) known.emplace(file.file_path, std::move(file));
    }
    return {};
  }));
  return parallel_for(plan.tasks.size(), staging.stores().parallel(1), [&](std::size_t i) -> Status {
    Task& task = plan.tasks[i];
    std::vector<iceberg::DataFile> files;
    for (std::size_t g = task.first; g < task.end; ++g) {
      const auto& group = plan.summary.groups[g];
      if (!is_copied(group, plan.options.compact_rows)) continue;
      const auto at = known.find(staging.rows(group.partition, group.files[0].attempt, group.files[0].number));
      if (at != known.end()) files.push_back(at->second);
    }
    EC_ASSIGN_OR_RETURN(task.copies, write_list(staging, *plan.schema, std::move(files)));
    return {};
  });
}

// Chunks of nothing but ITS_LIVE items were written in the columns of ITS_LIVE, which leave open what columns these
// items would like in the table that others turn into one of the schema `auto`.
Status observe_itslive(const Staging& staging, const CommitPlanOptions& options, StagedSummary& summary) {
  std::set<Spill> spills;
  for (const auto& record : summary.records) {
    for (int spill = 0; spill < std::ssize(record.schemas); ++spill) {
      if (record.schemas[static_cast<std::size_t>(spill)].kind != "auto") {
        spills.insert({.attempt = record.at(), .number = spill});
      }
    }
  }
  struct Part {
    const StagedGroup* group;
    const StagedGroupFile* file;
  };
  std::vector<Part> parts;
  for (const auto& group : summary.groups) {
    for (const auto& file : group.files) {
      if (spills.contains(file.spill())) parts.push_back({&group, &file});
    }
  }
  std::mutex mutex;  // of the summary
  const auto observe = [&](std::size_t i) -> Status {
    EC_TRY(check_stop(options.hooks));
    const auto& [group, file] = parts[i];
    const auto uri = staging.rows(group->partition, file->attempt, file->number);
    EC_ASSIGN_OR_RETURN(const auto observed, observe_part(staging.stores(), uri, file->bytes));
    const std::lock_guard lock(mutex);
    for (const auto& [name, kinds] : observed) summary.observed[name].merge(kinds);
    return {};
  };
  const auto holds = [&](std::size_t i) { return write::bytes_in_memory(parts[i].file->bytes); };
  return parallel_for(parts.size(), staging.stores().parallel(1, options.memory_bytes / 8), observe, holds);
}

Result<TableSchema> decide_schema(catalog::Catalog& catalog, const Staging& staging, StagedSummary& summary,
                                  const CommitPlanOptions& options) {
  if (!catalog.item_schema()) {
    const auto decided = summary.all_itslive ? stac::SchemaKind::kItslive : stac::SchemaKind::kAuto;
    catalog.set_schema_kind(options.schema.value_or(decided));
  }
  if (catalog.item_schema()->kind == stac::SchemaKind::kAuto) {
    EC_TRY(observe_itslive(staging, options, summary));
  }
  auto items = *catalog.item_schema();
  if (items.kind == stac::SchemaKind::kAuto) items = stac::evolve(items, summary.observed, options.max_columns);
  EC_ASSIGN_OR_RETURN(const auto table_schema, catalog.plan_schema(items));
  return describe(items, table_schema);
}

Error would_empty(const StagedSummary& summary) {
  const auto* const remedy = summary.pending > 0 ? "Fetch the pending ones with `retry_pending`"
                                                 : "Check `suffix` and `source_root`; `restart` begins anew";
  return {ErrorKind::kInvalidData,
          fmt::format("none of {} source items gives a row ({} missing, {} pending, {} rejected): `replace` would "
                      "leave the table empty. {}",
                      summary.source_items, summary.missing, summary.pending, summary.rejected, remedy)};
}

}  // namespace

Result<std::vector<iceberg::DataFile>> present_files(const catalog::Catalog& catalog) {
  std::vector<iceberg::DataFile> files;
  if (!catalog.has_table()) return files;
  EC_TRY(catalog.table().list_files({.statistics = false}, [&](iceberg::DataFile&& file) -> Status {
    files.push_back(std::move(file));
    return {};
  }));
  return files;
}

Error table_has_rows(std::size_t files) {
  return {ErrorKind::kAlreadyExists, fmt::format("the table has rows already ({} files); `replace` puts this backfill "
                                                 "in their place, and backfill `delta` and incremental add to them",
                                                 files)};
}

Result<CommitPlan> make_commit_plan(catalog::Catalog& catalog, const Staging& staging, StagedSummary summary,
                                    const CommitPlanOptions& options) {
  CommitPlan plan{.options = options, .summary = std::move(summary)};
  PresentFiles present;
  if (options.delta) {
    EC_ASSIGN_OR_RETURN(auto changes,
                        decide_delta(staging, catalog.index(), options.memory_bytes, options.hooks, plan.summary));
    EC_ASSIGN_OR_RETURN(present, list_present(catalog, changes.removals));
    add_removals(changes.removals, plan.summary);
    plan.displaced = std::move(changes.displaced);
    plan.forgotten = std::move(changes.forgotten);
    plan.more_items = changes.more_items;
  } else {
    EC_ASSIGN_OR_RETURN(plan.removed, present_files(catalog));
    if (!plan.removed.empty() && !options.replace) return std::unexpected(table_has_rows(plan.removed.size()));
    plan.more_items = plan.summary.counted_items();
    if (!plan.removed.empty() && plan.more_items == 0) return std::unexpected(would_empty(plan.summary));
  }
  EC_ASSIGN_OR_RETURN(auto schema, decide_schema(catalog, staging, plan.summary, options));
  plan.schema = std::make_shared<const TableSchema>(std::move(schema));
  if (catalog.has_table()) {
    plan.name_mapping = catalog.table().metadata().property(iceberg::kNameMappingProperty).value_or("");
  }
  set_forms(plan);
  plan.tasks = cut_tasks(plan.summary.groups, present, staging.form(), options.task_bytes);
  EC_TRY(parallel_for(plan.tasks.size(), staging.stores().parallel(1),
                      [&](std::size_t task) { return write_present(staging, plan, present, plan.tasks[task]); }));
  EC_TRY(write_copies(staging, plan));
  return plan;
}

CompactTaskSpec task_spec(const CommitPlan& plan, const Staging& staging, const std::string& warehouse,
                          std::size_t task) {
  const auto& [first, end, present, copies] = plan.tasks[task];
  CompactTaskSpec spec{.staging = staging.root(),
                       .warehouse = warehouse,
                       .parts = staging.parts(),
                       .run_id = plan.options.run_id,
                       .first_part = plan.options.first_part,
                       .task = static_cast<std::int64_t>(task),
                       .started = plan.summary.started,
                       .groups = {},
                       .present = present,
                       .name_mapping = present.empty() ? std::string() : plan.name_mapping,
                       .copies = copies,
                       .schema = schema_name(*plan.schema),
                       .compact_rows = plan.options.compact_rows,
                       .memory_limit_bytes = plan.options.task_memory_bytes,
                       .columns = plan.schema};
  spec.groups.assign(plan.summary.groups.begin() + static_cast<std::ptrdiff_t>(first),
                     plan.summary.groups.begin() + static_cast<std::ptrdiff_t>(end));
  return spec;
}

}  // namespace earthcatalog::backfill
