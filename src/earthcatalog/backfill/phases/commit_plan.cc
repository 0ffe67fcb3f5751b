#include "earthcatalog/backfill/phases/commit_plan.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "earthcatalog/backfill/phases/plan_upsert.h"
#include "earthcatalog/backfill/phases/group_merge.h"
#include "earthcatalog/backfill/staging/staged_file_source.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/write/data_file_source.h"

namespace earthcatalog::backfill {
namespace {

// Small groups cost more than their bytes: a file each.
constexpr std::size_t kGroupsPerTask = 512;
// A row of a data file has about a tenth of the bytes of its NDJSON.
constexpr std::int64_t kDataFileWeight = 10;

using PresentFiles = std::map<write::Bucket, std::vector<iceberg::DataFile>>;

// Groups of the plan get what they lose; buckets that only lose rows become groups.
void add_removals(const write::Removals& removals, Plan& plan) {
  std::vector<Group> others;
  for (const auto& [bucket, identities] : removals) {
    auto group = std::ranges::lower_bound(plan.groups, bucket, {}, &Group::bucket);
    const bool found = group != plan.groups.end() && group->bucket == bucket;
    auto& target =
        found ? *group : others.emplace_back(Group{.bucket = bucket, .files = {}, .dropped = {}, .removals = {}});
    target.removals.assign(identities.begin(), identities.end());
    std::ranges::sort(target.removals);
  }
  std::ranges::move(others, std::back_inserter(plan.groups));
  std::ranges::sort(plan.groups, {}, &Group::bucket);
}

Result<PresentFiles> list_present(const catalog::Catalog& catalog, const write::Removals& removals) {
  PresentFiles present;
  if (removals.empty() || !catalog.has_table()) return present;
  iceberg::ListFilesOptions options{.only_counts = true};
  for (const auto& [bucket, identities] : removals) {
    const auto partition = write::partition_of(bucket);
    options.filter.cells.insert(partition.cell);
    options.filter.years_since_1970.insert(partition.year_since_1970);
  }
  EC_TRY(catalog.table().list_files(options, [&](iceberg::DataFile&& file) -> Status {
    auto bucket = write::bucket_of(file.partition);
    if (!removals.contains(bucket)) return {};
    if (!file.deletes.empty()) {  // tasks know files by manifests, which do not tell what is deleted
      return fail(
          ErrorKind::kUnsupported,
          "rows of {} are deleted by {}, which another engine wrote; run `compact()`, which applies deletes, and "
          "then this again",
          file.file_path, file.deletes.front().file_path);
    }
    present[std::move(bucket)].push_back(std::move(file));
    return {};
  }));
  for (auto& [bucket, files] : present) std::ranges::sort(files, {}, &iceberg::DataFile::file_path);
  return present;
}

std::int64_t weight_of(const Group& group, const PresentFiles& present, bool direct) {
  std::int64_t bytes = 0;
  for (const auto& file : group.files) bytes += direct ? kDataFileWeight * file.bytes : file.bytes;
  if (const auto at = present.find(group.bucket); at != present.end()) {
    for (const auto& file : at->second) bytes += kDataFileWeight * file.file_size_in_bytes;
  }
  return bytes;
}

std::vector<Task> cut_tasks(const std::vector<Group>& groups, const PresentFiles& present, bool direct,
                            std::int64_t task_bytes) {
  std::vector<Task> tasks;
  std::int64_t bytes = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto weight = weight_of(groups[g], present, direct);
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

Status write_present(const Staging& staging, const Round& round, const PresentFiles& present, Task& task) {
  std::vector<iceberg::DataFile> files;
  for (std::size_t g = task.first; g < task.end; ++g) {
    const auto at = present.find(round.plan.groups[g].bucket);
    if (at != present.end()) files.insert(files.end(), at->second.begin(), at->second.end());
  }
  EC_ASSIGN_OR_RETURN(task.present, write_list(staging, round.schema, std::move(files)));
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

// Parts of the direct shape: what they are to the table's columns.
void set_forms(Round& round) {
  std::map<std::pair<std::int64_t, int>, std::vector<PartForm>> forms;
  for (const auto& record : round.plan.records) {
    auto& of_takes = forms[{record.chunk, record.attempt}];
    for (const auto& schema : record.schemas) of_takes.push_back(form_of(schema, round.schema, record.observed));
  }
  for (auto& group : round.plan.groups) {
    for (auto& file : group.files) {
      file.form =
          forms.at({file.attempt.chunk, file.attempt.number}).at(static_cast<std::size_t>(file.part / kPartsPerTake));
    }
  }
}

// The descriptions of parts that are data files as they are, for their tasks: nobody has to read a footer.
Status write_copies(const Staging& staging, Round& round) {
  std::map<std::pair<std::int64_t, std::pair<int, int>>, std::set<std::string>> wanted;  // of chunk, attempt and take
  for (const auto& group : round.plan.groups) {
    if (!is_copied(group, round.options.compact_rows)) continue;
    const auto& [attempt, part, rows, bytes, items, form] = group.files.front();
    wanted[{attempt.chunk, {attempt.number, part / kPartsPerTake}}].insert(staging.rows(group.bucket, attempt, part));
  }
  std::map<std::string, iceberg::DataFile> known;
  std::mutex mutex;  // of `known`
  EC_TRY(parallel_for(wanted.size(), staging.stores().parallel(1), [&](std::size_t i) -> Status {
    const auto& [take, uris] = *std::next(wanted.begin(), static_cast<std::ptrdiff_t>(i));
    const auto uri = staging.part_files({take.first, take.second.first}, take.second.second);
    EC_ASSIGN_OR_RETURN(auto list, read_file_list(staging, uri, round.schema));
    const std::lock_guard lock(mutex);
    for (auto& file : list.added) {
      if (uris.contains(file.file_path)) known.emplace(file.file_path, std::move(file));
    }
    return {};
  }));
  return parallel_for(round.tasks.size(), staging.stores().parallel(1), [&](std::size_t i) -> Status {
    Task& task = round.tasks[i];
    std::vector<iceberg::DataFile> files;
    for (std::size_t g = task.first; g < task.end; ++g) {
      const auto& group = round.plan.groups[g];
      if (!is_copied(group, round.options.compact_rows)) continue;
      const auto at = known.find(staging.rows(group.bucket, group.files[0].attempt, group.files[0].part));
      if (at != known.end()) files.push_back(at->second);
    }
    EC_ASSIGN_OR_RETURN(task.copies, write_list(staging, round.schema, std::move(files)));
    return {};
  });
}

// Chunks of nothing but ITS_LIVE items were written in the columns of ITS_LIVE, which leave open what columns these
// items would like in the table that others turn into one of the schema `auto`.
Status observe_itslive(const Staging& staging, std::int64_t memory_bytes, Plan& plan) {
  std::set<std::pair<std::int64_t, std::pair<int, int>>> takes;
  for (const auto& record : plan.records) {
    for (int take = 0; take < std::ssize(record.schemas); ++take) {
      if (record.schemas[static_cast<std::size_t>(take)].kind != "auto") {
        takes.insert({record.chunk, {record.attempt, take}});
      }
    }
  }
  std::vector<std::pair<const Group*, const GroupFile*>> parts;
  for (const auto& group : plan.groups) {
    for (const auto& file : group.files) {
      const bool is_itslive = takes.contains({file.attempt.chunk, {file.attempt.number, file.part / kPartsPerTake}});
      if (is_itslive) parts.emplace_back(&group, &file);
    }
  }
  std::mutex mutex;  // of the plan
  const auto observe = [&](std::size_t i) -> Status {
    const auto& [group, file] = parts[i];
    const auto uri = staging.rows(group->bucket, file->attempt, file->part);
    EC_ASSIGN_OR_RETURN(const auto observed, observe_part(staging.stores(), uri, file->bytes));
    const std::lock_guard lock(mutex);
    for (const auto& [name, kinds] : observed) plan.observed[name].merge(kinds);
    return {};
  };
  const auto holds = [&](std::size_t i) { return write::bytes_in_memory(parts[i].second->bytes); };
  return parallel_for(parts.size(), staging.stores().parallel(1, memory_bytes / 8), observe, holds);
}

Result<TableSchema> decide_schema(catalog::Catalog& catalog, const Staging& staging, Plan& plan,
                                  const RoundOptions& options) {
  if (!catalog.item_schema()) {
    const auto decided = plan.all_itslive ? stac::SchemaKind::kItslive : stac::SchemaKind::kAuto;
    catalog.set_schema_kind(options.schema.value_or(decided));
  }
  if (staging.is_direct() && catalog.item_schema()->kind == stac::SchemaKind::kAuto) {
    EC_TRY(observe_itslive(staging, options.memory_bytes, plan));
  }
  auto items = *catalog.item_schema();
  if (items.kind == stac::SchemaKind::kAuto) items = stac::evolve(items, plan.observed, options.max_columns);
  EC_ASSIGN_OR_RETURN(const auto table_schema, catalog.plan_schema(items));
  return describe(items, table_schema);
}

Error would_empty(const Plan& plan) {
  const auto* const remedy = plan.pending > 0 ? "Fetch the pending ones with `retry_pending`"
                                              : "Check `suffix` and `source_root`; `restart` begins anew";
  return {
      ErrorKind::kInvalidData,
      fmt::format("none of {} source items gives a row ({} missing, {} pending, {} rejected): `replace` would leave "
                  "the table empty. {}",
                  plan.source_items, plan.missing, plan.pending, plan.rejected, remedy)};
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
  return {ErrorKind::kAlreadyExists,
          fmt::format("the table has rows already ({} files); `replace` puts this backfill in their place, and "
                      "backfill `delta` and incremental add to them",
                      files)};
}

Result<Round> plan_round(catalog::Catalog& catalog, const Staging& staging, Plan plan, const RoundOptions& options) {
  Round round{.options = options, .plan = std::move(plan)};
  PresentFiles present;
  if (options.delta) {
    EC_ASSIGN_OR_RETURN(auto changes, decide_delta(staging, catalog.index(), options.memory_bytes, round.plan));
    EC_ASSIGN_OR_RETURN(present, list_present(catalog, changes.removals));
    add_removals(changes.removals, round.plan);
    round.displaced = std::move(changes.displaced);
    round.forgotten = std::move(changes.forgotten);
    round.more_items = changes.more_items;
  } else {
    EC_ASSIGN_OR_RETURN(round.removed, present_files(catalog));
    if (!round.removed.empty() && !options.replace) return std::unexpected(table_has_rows(round.removed.size()));
    round.more_items = round.plan.counted_items();
    if (!round.removed.empty() && round.more_items == 0) return std::unexpected(would_empty(round.plan));
  }
  EC_ASSIGN_OR_RETURN(round.schema, decide_schema(catalog, staging, round.plan, options));
  if (catalog.has_table()) {
    round.name_mapping = catalog.table().metadata().property(iceberg::kNameMappingProperty).value_or("");
  }
  if (staging.is_direct()) set_forms(round);
  round.tasks = cut_tasks(round.plan.groups, present, staging.is_direct(), options.task_bytes);
  EC_TRY(parallel_for(round.tasks.size(), staging.stores().parallel(1),
                      [&](std::size_t task) { return write_present(staging, round, present, round.tasks[task]); }));
  if (staging.is_direct()) EC_TRY(write_copies(staging, round));
  return round;
}

CompactGroupSpec task_spec(const Round& round, const Staging& staging, const std::string& warehouse, std::size_t task) {
  const auto& [first, end, present, copies] = round.tasks[task];
  CompactGroupSpec spec{.staging = staging.root(),
                        .warehouse = warehouse,
                        .parts = staging.parts(),
                        .run_id = round.options.run_id,
                        .first_part = round.options.first_part,
                        .task = static_cast<std::int64_t>(task),
                        .started = round.plan.started,
                        .groups = {},
                        .present = present,
                        .name_mapping = present.empty() ? std::string() : round.name_mapping,
                        .copies = copies,
                        .schema = round.schema,
                        .compact_rows = round.options.compact_rows,
                        .memory_limit_bytes = round.options.task_memory_bytes};
  spec.groups.assign(round.plan.groups.begin() + static_cast<std::ptrdiff_t>(first),
                     round.plan.groups.begin() + static_cast<std::ptrdiff_t>(end));
  return spec;
}

}  // namespace earthcatalog::backfill
