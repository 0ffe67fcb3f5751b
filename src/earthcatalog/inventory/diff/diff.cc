#include "earthcatalog/inventory/diff/diff.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/extsort/object_sorter.h"
#include "earthcatalog/extsort/sorted_merge.h"
#include "earthcatalog/inventory/diff/change_writer.h"
#include "earthcatalog/inventory/diff/inventory_run.h"
#include "earthcatalog/inventory/diff/newest_object.h"
#include "earthcatalog/storage/object_version.h"

namespace earthcatalog::inventory {
namespace {

enum Side : std::size_t { kOld, kNew };

Status read_all(storage::Stores& stores, const std::string& uri, const InventoryOptions& options,
                extsort::ObjectSorter& sorter) {
  EC_ASSIGN_OR_RETURN(const auto inventory, open_inventory(stores, uri, options));
  return for_each_object(*inventory,
                         [&](const storage::ObjectRef& object) { return annotate(sorter.add(object), uri); });
}

// Takes the rows of both inventories in the order of their names.
class Comparison {
 public:
  Comparison(ChangeWriter& writer, DiffReport& report) : writer_(writer), report_(report) {}

  // `source` of a cursor is its side.
  Status take(const extsort::RunCursor& cursor) {
    const auto side = static_cast<Side>(cursor.source);
    const extsort::SortedObject& row = cursor.object;
    if (row.name != name_) {
      EC_TRY(settle());
      name_.assign(row.name);
    }
    if (!kept_[side].empty()) ++(side == kOld ? report_.old_duplicates : report_.new_duplicates);
    kept_[side].offer(row);
    return {};
  }

  Status settle() {
    const bool was = !kept_[kOld].empty(), is = !kept_[kNew].empty();
    report_.old_objects += was;
    report_.new_objects += is;
    if (was && is) {
      if (same(kept_[kOld].row(), kept_[kNew].row())) {
        ++report_.unchanged;
      } else {
        ++report_.changed;
        EC_TRY(write(Change::kChanged, kNew));
      }
    } else if (is) {
      ++report_.added;
      EC_TRY(write(Change::kAdded, kNew));
    } else if (was) {
      ++report_.removed;
      EC_TRY(write(Change::kRemoved, kOld));
    }
    for (auto& kept : kept_) kept.clear();
    return {};
  }

 private:
  bool same(const extsort::SortedObject& a, const extsort::SortedObject& b) {
    ComparedBy& by = report_.compared_by;
    if (!a.etag.empty() && !b.etag.empty()) return ++by.etag, a.etag == b.etag;
    if (a.last_modified && b.last_modified) {
      return ++by.last_modified, storage::same_modification(*a.last_modified, *b.last_modified);
    }
    if (a.size_bytes && b.size_bytes) return ++by.size, *a.size_bytes == *b.size_bytes;
    return ++by.name, true;
  }

  Status write(Change change, Side side) {
    extsort::SortedObject row = kept_[side].row();
    row.name = name_;
    return writer_.append(change, row);
  }

  ChangeWriter& writer_;
  DiffReport& report_;
  std::string name_;
  std::array<NewestObject, 2> kept_;
};

Status merge(std::vector<extsort::RunCursor>& cursors, const storage::Location& where, const Hooks& hooks,
             DiffReport& report) {
  constexpr std::int64_t kRowsALook = 10'000;
  EC_ASSIGN_OR_RETURN(const auto writer, ChangeWriter::create(where));
  Comparison comparison(*writer, report);
  ProgressMeter meter(hooks.progress, {.stage = "compare", .unit = "rows"});
  std::int64_t rows = 0;
  EC_TRY(extsort::merge_sorted(cursors, extsort::RunCursor::before, [&](const extsort::RunCursor& cursor) -> Status {
    if (++rows % kRowsALook == 0) {
      if (hooks.stopping()) return fail(ErrorKind::kCancelled, "stopped");
      meter.add(kRowsALook);
    }
    return comparison.take(cursor);
  }));
  EC_TRY(comparison.settle());
  return writer->finish();
}

// False when one of both is not in order.
Result<bool> merge_as_they_come(storage::Stores& stores, const DiffSpec& spec, const storage::Location& where,
                                DiffReport& report) {
  EC_ASSIGN_OR_RETURN(auto old_run, InventoryRun::open(stores, spec.old_inventory, spec.inventory_options));
  EC_ASSIGN_OR_RETURN(auto new_run, InventoryRun::open(stores, spec.new_inventory, spec.inventory_options));
  const std::array runs{old_run.get(), new_run.get()};
  std::vector<extsort::RunCursor> cursors;
  cursors.push_back({.source = kOld, .run = std::move(old_run)});
  cursors.push_back({.source = kNew, .run = std::move(new_run)});
  auto status = merge(cursors, where, spec.hooks, report);
  if (!status && std::ranges::any_of(runs, &InventoryRun::out_of_order)) return false;
  EC_TRY(status);
  return true;
}

Status sort_and_merge(storage::Stores& stores, const DiffSpec& spec, const storage::Location& where,
                      DiffReport& report) {
  const extsort::ObjectSorterOptions half{.scratch_folder = spec.scratch_folder,
                                          .memory_bytes = spec.memory_limit_bytes / 2};
  std::array sorters{extsort::ObjectSorter(half), extsort::ObjectSorter(half)};
  if (spec.hooks.progress) spec.hooks.progress({.stage = "sort"});
  EC_TRY(parallel_for(2, 2, [&](std::size_t side) {
    return read_all(stores, side == kOld ? spec.old_inventory : spec.new_inventory, spec.inventory_options,
                    sorters[side]);
  }));
  std::vector<extsort::RunCursor> cursors;
  for (const Side side : {kOld, kNew}) {
    EC_TRY(sorters[side].finish(side, cursors));
  }
  return merge(cursors, where, spec.hooks, report);
}

Result<std::string> output_uri(const DiffSpec& spec) {
  EC_ASSIGN_OR_RETURN(auto out, storage::normalize_uri(spec.out));
  for (const auto& inventory : {spec.old_inventory, spec.new_inventory}) {
    EC_ASSIGN_OR_RETURN(const auto in, storage::normalize_uri(inventory));
    if (in == out) return fail(ErrorKind::kInvalidArgument, "{} is an inventory to read; write to another place", out);
  }
  if (!out.ends_with(".parquet")) {
    return fail(ErrorKind::kInvalidArgument, "{} is to be a Parquet file: let its name end in .parquet", out);
  }
  return out;
}

}  // namespace

Result<DiffReport> diff_inventories(storage::Stores& stores, const DiffSpec& spec) {
  const Stopwatch time;
  DiffReport report;
  EC_ASSIGN_OR_RETURN(report.out, output_uri(spec));
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(report.out));
  EC_ASSIGN_OR_RETURN(const bool in_order, merge_as_they_come(stores, spec, where, report));
  if (!in_order) {
    report = {.out = report.out};
    EC_TRY(sort_and_merge(stores, spec, where, report));
  }
  report.seconds = time.seconds();
  return report;
}

std::string to_json(const DiffReport& report) {
  const nlohmann::ordered_json json = {
      {"old", report.old_objects},
      {"new", report.new_objects},
      {"added", report.added},
      {"changed", report.changed},
      {"removed", report.removed},
      {"unchanged", report.unchanged},
      {"old_duplicates", report.old_duplicates},
      {"new_duplicates", report.new_duplicates},
      {"compared_by",
       {{"etag", report.compared_by.etag},
        {"last_modified", report.compared_by.last_modified},
        {"size", report.compared_by.size},
        {"name", report.compared_by.name}}},
      {"out", report.out},
      {"seconds", report.seconds},
  };
  return json.dump(2);
}

std::string to_text(const DiffReport& report) {
  std::string text = fmt::format(
      "old objects     {:>12}\n- removed       {:>12}\n+ added         {:>12}\nnew objects     {:>12}\n"
      "  changed       {:>12}\n  unchanged     {:>12}\n",
      report.old_objects, report.removed, report.added, report.new_objects, report.changed, report.unchanged);
  if (report.old_duplicates + report.new_duplicates > 0) {
    text += fmt::format("further rows of an object: {} old, {} new\n", report.old_duplicates, report.new_duplicates);
  }
  if (report.compared_by.name > 0) {
    text += fmt::format("{} objects were compared by name alone: the inventories give no etag, date or size of them\n",
                        report.compared_by.name);
  }
  return text + fmt::format("{:.1f} s, written {}\n", report.seconds, report.out);
}

}  // namespace earthcatalog::inventory
