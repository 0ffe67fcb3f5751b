#include "earthcatalog/index/index_catch_up.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/extsort/hash_sorter.h"
#include "earthcatalog/index/table_rows.h"
#include "earthcatalog/index/version_order.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::index {
namespace {

using iceberg::DataFile;

constexpr std::int32_t kUnknownYear = INT32_MAX;

// A row that came (+1) or went (-1).
struct RowChange {
  Hash128 key;  // of the item
  std::int32_t year = 0;
  std::int32_t cell = 0;  // number in Cells
  TimeMicros updated = kNeverUpdated;
  std::int64_t count = 0;
  auto operator<=>(const RowChange&) const = default;
  bool same_place(const RowChange& other) const {
    return std::tie(key, year, cell) == std::tie(other.key, other.year, other.cell);
  }
  bool same_row(const RowChange& other) const {
    return std::tie(key, year, cell, updated) == std::tie(other.key, other.year, other.cell, other.updated);
  }
};

// Cell names as numbers.
class Cells {
 public:
  std::int32_t number(const std::string& name) {
    const auto [at, is_new] = numbers_.emplace(name, static_cast<std::int32_t>(names_.size()));
    if (is_new) names_.push_back(name);
    return at->second;
  }
  const std::string& name(std::int32_t number) const { return names_[static_cast<std::size_t>(number)]; }

 private:
  std::map<std::string, std::int32_t, std::less<>> numbers_;
  std::vector<std::string> names_;
};

// Under which "object" the rows of an item are recorded when no object is known for them.
Hash128 unknown_object(const Hash128& identity, std::int32_t year) {
  Hash128 object = identity;
  for (std::size_t i = 0; i < 4; ++i) object.bytes[12 + i] ^= static_cast<std::uint8_t>(year >> (24 - 8 * i));
  return object;
}

std::optional<std::int32_t> year_of(std::int32_t year) {
  return year == kUnknownYear ? std::nullopt : std::optional(year);
}

class CatchUp {
 public:
  CatchUp(const iceberg::Table& table, const ObjectIndex& old, const CatchUpOptions& options)
      : table_(table),
        old_(old),
        options_(options),
        sorter_({.scratch_folder = old.options().scratch_folder, .memory_bytes = old.options().memory_bytes}),
        result_{.index = old, .removed_files = {}} {}

  Result<CaughtUp> run() {
    const auto* current = table_.current_snapshot();
    EC_TRY(collect_changes(current));
    EC_TRY(reconcile_all());
    const auto id = current != nullptr ? std::optional(current->snapshot_id) : std::nullopt;
    EC_TRY(apply({}, id));
    return std::move(result_);
  }

 private:
  Status reconcile_all() {
    const MutexLock lock(mutex_);
    // drain() is a template, in which the analysis does not see that the mutex is held.
    const auto take = [&](std::span<const RowChange> part)
                          EC_THREAD_ATTRIBUTE(no_thread_safety_analysis) { return take_part(part); };
    EC_TRY(sorter_.drain(take));
    return process_batch();
  }

  using Group = std::pair<std::int32_t, std::string>;  // year, cell

  Status collect_changes(const iceberg::Snapshot* current) {
    const auto now = current != nullptr ? std::optional(current->snapshot_id) : std::nullopt;
    auto before = old_.manifest().snapshot_id;
    if (before && table_.metadata().find_snapshot(*before) == nullptr) {
      before.reset();
      EC_TRY(collect_recorded());
    }
    const auto visit = [&](const DataFile& file, bool came) {
      if (!came) {
        const MutexLock lock(mutex_);
        removed_files_.push_back(storage::place_key(file.file_path));
      }
      return collect(file, came ? 1 : -1);
    };
    EC_TRY(for_each_changed_file(table_, before, now, visit));
    const MutexLock lock(mutex_);
    std::ranges::sort(removed_files_);
    result_.removed_files = std::move(removed_files_);
    return {};
  }

  // The rows that the index records, in place of those of a snapshot that is lost.
  Status collect_recorded() {
    return old_.scan([&](ObjectEntry&& entry) -> Status {
      const MutexLock lock(mutex_);
      for (const auto& cell : entry.cells) {
        EC_TRY(sorter_.add({.key = entry.identity,
                            .year = entry.year.value_or(kUnknownYear),
                            .cell = cells_.number(cell),
                            .updated = entry.updated.value_or(kNeverUpdated),
                            .count = -1}));
      }
      return {};
    });
  }

  Status collect(const DataFile& file, std::int64_t count) {
    const auto& [cell, year] = file.partition;
    RowChange change{.key = {},
                     .year = year ? *year + 1970 : kUnknownYear,
                     .cell = number_of_cell(cell.value_or("__none__")),
                     .updated = kNeverUpdated,
                     .count = count};
    return for_each_row(table_.stores(), table_.schema(), file,
                        [&](const Hash128& identity, std::optional<TimeMicros> updated) {
                          change.key = identity;
                          change.updated = updated.value_or(kNeverUpdated);
                          const MutexLock lock(mutex_);
                          return sorter_.add(change);
                        });
  }

  std::int32_t number_of_cell(const std::string& cell) {
    const MutexLock lock(mutex_);
    return cells_.number(cell);
  }

  Status take_part(std::span<const RowChange> part) EC_REQUIRES(mutex_) {
    for (std::size_t i = 0; i < part.size();) {
      const std::size_t first = i;
      while (i < part.size() && part[i].same_place(part[first])) ++i;
      EC_TRY(take_place(part.subspan(first, i - first)));
    }
    return {};
  }

  // Rows of one item, cell and year. What went and came again (a compaction) cancels out; what is left is put into the
  // batch. Where some came, those that went are no loss: a compaction may drop the doubles of a row.
  Status take_place(std::span<const RowChange> rows) EC_REQUIRES(mutex_) {
    const bool some_came = std::ranges::any_of(rows, [](const RowChange& row) { return row.count > 0; });
    for (std::size_t i = 0; i < rows.size();) {
      RowChange sum = rows[i];
      for (++i; i < rows.size() && rows[i].same_row(sum); ++i) sum.count += rows[i].count;
      if (sum.count == 0 || (sum.count < 0 && some_came)) continue;
      if (batch_.empty() || batch_.back().key != sum.key) {
        if (batch_items_ == options_.batch_items) EC_TRY(process_batch());
        ++batch_items_;
      }
      batch_.push_back(sum);
    }
    return {};
  }

  Status process_batch() EC_REQUIRES(mutex_) {
    std::vector<Hash128> items;
    for (const auto& change : batch_) {
      if (items.empty() || items.back() != change.key) items.push_back(change.key);
    }
    EC_ASSIGN_OR_RETURN(auto holders, old_.find_holders(items));
    std::ranges::sort(holders, {}, [](const ObjectEntry& holder) -> const Hash128& { return holder.identity; });
    IndexUpdate update{.entries = {}, .forgotten = {}, .more_items = 0};
    auto holder = holders.begin();
    for (auto begin = batch_.begin(); begin != batch_.end();) {
      const auto end = std::find_if(begin, batch_.end(), [&](const RowChange& c) { return c.key != begin->key; });
      const auto first = holder;
      while (holder != holders.end() && holder->identity == begin->key) ++holder;
      reconcile({begin, end}, {first, holder}, update);
      begin = end;
    }
    for (const auto& item : items) {
      result_.touched_watched = result_.touched_watched || std::ranges::binary_search(options_.watched, item);
    }
    result_.changed_items += static_cast<std::int64_t>(items.size());
    batch_.clear();
    batch_items_ = 0;
    return apply(update, result_.index.manifest().snapshot_id);
  }

  // Updates what the index says of one item. `holders` are all objects that hold it.
  void reconcile(std::span<const RowChange> changes, std::span<const ObjectEntry> holders, IndexUpdate& update) const
      EC_REQUIRES(mutex_) {
    std::set<Group> recorded;
    TimeMicros recorded_updated = kNeverUpdated;
    for (const auto& holder : holders) {
      for (const auto& cell : holder.cells) recorded.emplace(holder.year.value_or(kUnknownYear), cell);
      if (holder.owns_rows()) recorded_updated = std::max(recorded_updated, holder.updated.value_or(kNeverUpdated));
    }
    auto groups = recorded;
    auto updated = recorded_updated;
    for (const auto& change : changes) {
      if (change.count < 0) groups.erase({change.year, cells_.name(change.cell)});
    }
    for (const auto& change : changes) {
      if (change.count < 0) continue;
      groups.emplace(change.year, cells_.name(change.cell));
      updated = std::max(updated, change.updated);
    }
    *update.more_items += (groups.empty() ? 0 : 1) - (recorded.empty() ? 0 : 1);
    const bool replaced = !recorded.empty() && updated != recorded_updated;
    const bool lost = !replaced && !std::ranges::includes(groups, recorded);
    for (const auto& holder : holders) {
      if (lost || (holder.owns_rows() && holder.name.empty())) {
        update.forgotten.push_back(holder.object);
      } else if (holder.owns_rows()) {
        update.entries.push_back(adjusted(holder, replaced, groups));
      }
    }
    add_unknown(changes.front().key, groups, updated, update);
  }

  // An object's rows stay its own as long as nobody wrote newer ones of its item; what it owns leaves `groups`.
  static ObjectEntry adjusted(ObjectEntry owner, bool replaced, std::set<Group>& groups) {
    owner.cells.clear();
    if (replaced) return owner;
    const auto year = owner.year.value_or(kUnknownYear);
    for (auto at = groups.lower_bound({year, ""}); at != groups.end() && at->first == year; at = groups.erase(at)) {
      owner.cells.push_back(at->second);
    }
    return owner;
  }

  static void add_unknown(const Hash128& identity, const std::set<Group>& groups, TimeMicros updated,
                          IndexUpdate& update) {
    for (auto at = groups.begin(); at != groups.end();) {
      ObjectEntry entry;
      entry.object = unknown_object(identity, at->first);
      entry.identity = identity;
      entry.year = year_of(at->first);
      if (updated != kNeverUpdated) entry.updated = updated;
      for (const auto year = at->first; at != groups.end() && at->first == year; ++at)
        entry.cells.push_back(at->second);
      update.entries.push_back(std::move(entry));
    }
  }

  Status apply(const IndexUpdate& update, std::optional<std::int64_t> snapshot_id) {
    EC_ASSIGN_OR_RETURN(auto next, result_.index.apply(update, options_.folder_uri,
                                                       fmt::format("{}_{}", options_.name, runs_++), snapshot_id));
    result_.index.retire_except({&next, &old_});
    result_.index = std::move(next);
    return {};
  }

  const iceberg::Table& table_;
  const ObjectIndex old_;
  const CatchUpOptions& options_;
  Mutex mutex_;  // files are read side by side
  Cells cells_ EC_GUARDED_BY(mutex_);
  extsort::HashSorter<RowChange> sorter_ EC_GUARDED_BY(mutex_);
  std::vector<std::string> removed_files_ EC_GUARDED_BY(mutex_);
  std::vector<RowChange> batch_;
  std::size_t batch_items_ = 0;
  int runs_ = 0;
  CaughtUp result_;
};

}  // namespace

Result<CaughtUp> catch_up(const iceberg::Table& table, const ObjectIndex& old, const CatchUpOptions& options) {
  return annotate(CatchUp(table, old, options).run(), "bringing the object index up to date with the table");
}

}  // namespace earthcatalog::index
