#include "earthcatalog/backfill/round.h"

#include <algorithm>
#include <map>

#include "earthcatalog/backfill/delta.h"
#include "earthcatalog/iceberg/manifest.h"

namespace earthcatalog::backfill {
namespace {

// Small groups cost more than their bytes: a file each.
constexpr std::size_t kGroupsPerTask = 512;
// A row of a data file has about a tenth of the bytes of its NDJSON.
constexpr std::int64_t kDataFileWeight = 10;

using PresentFiles = std::map<pipeline::Bucket, std::vector<iceberg::DataFile>>;

// Groups of the plan get what they lose; buckets that only lose rows become groups.
void add_removals(const pipeline::Removals& removals, Plan& plan) {
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

Result<PresentFiles> list_present(const catalog::Catalog& catalog, const pipeline::Removals& removals) {
  PresentFiles present;
  if (removals.empty() || !catalog.has_table()) return present;
  iceberg::ListFilesOptions options{.statistics = false};
  for (const auto& [bucket, identities] : removals) {
    const auto partition = pipeline::partition_of(bucket);
    options.filter.cells.insert(partition.cell);
    options.filter.years_since_1970.insert(partition.year_since_1970);
  }
  EC_TRY(catalog.table().list_files(options, [&](iceberg::DataFile&& file) -> Status {
    auto bucket = pipeline::bucket_of(file.partition);
    if (removals.contains(bucket)) present[std::move(bucket)].push_back(std::move(file));
    return {};
  }));
  for (auto& [bucket, files] : present) std::ranges::sort(files, {}, &iceberg::DataFile::file_path);
  return present;
}

std::int64_t weight_of(const Group& group, const PresentFiles& present) {
  std::int64_t bytes = 0;
  for (const auto& file : group.files) bytes += file.bytes;
  if (const auto at = present.find(group.bucket); at != present.end()) {
    for (const auto& file : at->second) bytes += kDataFileWeight * file.file_size_in_bytes;
  }
  return bytes;
}

std::vector<Task> cut_tasks(const std::vector<Group>& groups, const PresentFiles& present, std::int64_t task_bytes) {
  std::vector<Task> tasks;
  std::int64_t bytes = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto weight = weight_of(groups[g], present);
    if (tasks.empty() || bytes + weight > task_bytes || g - tasks.back().first == kGroupsPerTask) {
      tasks.push_back({.first = g, .end = g, .present = {}});
      bytes = 0;
    }
    tasks.back().end = g + 1;
    bytes += weight;
  }
  return tasks;
}

Status write_present(const Staging& staging, const Round& round, const PresentFiles& present, Task& task) {
  std::vector<iceberg::DataFile> files;
  std::string names;
  for (std::size_t g = task.first; g < task.end; ++g) {
    const auto at = present.find(round.plan.groups[g].bucket);
    if (at == present.end()) continue;
    for (const auto& file : at->second) {
      names += file.file_path + "\n";
      files.push_back(file);
    }
  }
  if (files.empty()) return {};
  EC_ASSIGN_OR_RETURN(const auto bytes, write_file_list(round.schema, {.added = files, .removed = {}}));
  // Named by what it holds: the list of an earlier state is never taken for it.
  task.present = staging.present_files(to_hex(hash128(names)));
  return staging.write(task.present, bytes);
}

Result<TableSchema> decide_schema(catalog::Catalog& catalog, const Plan& plan, const RoundOptions& options) {
  if (!catalog.item_schema()) {
    const auto decided = plan.all_itslive ? stac::SchemaKind::kItslive : stac::SchemaKind::kAuto;
    catalog.set_schema_kind(options.schema.value_or(decided));
  }
  auto items = *catalog.item_schema();
  if (items.kind == stac::SchemaKind::kAuto) items = stac::evolve(items, plan.observed, options.max_columns);
  EC_ASSIGN_OR_RETURN(const auto table_schema, catalog.plan_schema(items));
  return describe(items, table_schema);
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
          fmt::format("the table has rows already ({} files); --replace puts this backfill in their place, and "
                      "backfill --delta and incremental add to them",
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
  }
  EC_ASSIGN_OR_RETURN(round.schema, decide_schema(catalog, round.plan, options));
  round.tasks = cut_tasks(round.plan.groups, present, options.task_bytes);
  for (auto& task : round.tasks) EC_TRY(write_present(staging, round, present, task));
  return round;
}

CompactGroupSpec task_spec(const Round& round, const Staging& staging, const std::string& warehouse, std::size_t task) {
  const auto& [first, end, present] = round.tasks[task];
  CompactGroupSpec spec{.staging = staging.root(),
                        .warehouse = warehouse,
                        .run_id = round.options.run_id,
                        .first_part = round.options.first_part,
                        .task = static_cast<std::int64_t>(task),
                        .groups = {},
                        .present = present,
                        .schema = round.schema,
                        .compact_rows = round.options.compact_rows};
  spec.groups.assign(round.plan.groups.begin() + static_cast<std::ptrdiff_t>(first),
                     round.plan.groups.begin() + static_cast<std::ptrdiff_t>(end));
  return spec;
}

}  // namespace earthcatalog::backfill
