#include "earthcatalog/maintenance/recover/row_choice.h"

#include <algorithm>
#include <map>
#include <span>
#include <unordered_map>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/index/table_rows.h"
#include "earthcatalog/index/version_order.h"

namespace earthcatalog::maintenance {
namespace {

constexpr std::size_t kFewEntries = 1 << 20;

// The files of one cell, the preferred ones first.
using CellFiles = std::vector<std::size_t>;

std::vector<CellFiles> by_cell(const std::vector<FoundFile>& files) {
  std::map<std::optional<std::string>, CellFiles> cells;
  for (std::size_t i = 0; i < files.size(); ++i) cells[files[i].file.partition.cell].push_back(i);
  std::vector<CellFiles> result;
  for (auto& [cell, members] : cells) {
    const auto version = [&](std::size_t i) { return index::FileVersion{files[i].modified, files[i].file.file_path}; };
    std::ranges::sort(members, [&](std::size_t a, std::size_t b) { return index::newer(version(a), version(b)); });
    result.push_back(std::move(members));
  }
  return result;
}

class Chooser {
 public:
  Chooser(storage::Stores& stores, const iceberg::Schema& schema, const std::vector<FoundFile>& files,
          std::size_t workers)
      : stores_(stores), schema_(schema), files_(files), workers_(workers) {}

  Result<std::vector<FileChoice>> run() {
    EC_TRY(gather());
    choices_.resize(files_.size());
    const auto cells = by_cell(files_);
    EC_TRY(parallel_for(cells.size(), workers_, [&](std::size_t i) { return choose(cells[i]); }));
    return std::move(choices_);
  }

 private:
  // Kept ones, or those read into `buffer`.
  Result<std::span<const ItemVersions::value_type>> items_of(const FoundFile& found, ItemVersions& buffer) const {
    if (found.items) return *found.items;
    const auto& file = found.file;
    EC_ASSIGN_OR_RETURN(const auto reader,
                        geoparquet::FileReader::open(stores_, file.file_path, file.file_size_in_bytes));
    EC_ASSIGN_OR_RETURN(buffer, read_items(*reader, schema_));
    return buffer;
  }

  Status gather() {
    Mutex mutex;
    EC_TRY(parallel_for(files_.size(), workers_, [&](std::size_t i) -> Status {
      ItemVersions buffer;
      EC_ASSIGN_OR_RETURN(const auto items, items_of(files_[i], buffer));
      const MutexLock lock(mutex);
      for (const auto& [identity, version] : items) newest_.add(identity, version);
      return {};
    }));
    newest_.seal();
    return {};
  }

  Status choose(const CellFiles& cell) {
    std::unordered_map<Hash128, std::size_t> owners;  // of the items of this cell
    for (const std::size_t i : cell) {
      ItemVersions buffer;
      EC_ASSIGN_OR_RETURN(const auto items, items_of(files_[i], buffer));
      FileChoice& choice = choices_[i];
      choice.rows = std::ssize(items);
      for (const auto& [identity, version] : items) {
        const bool counts = version == newest_.of(identity) && owners.try_emplace(identity, i).second;
        if (!counts) choice.dropped.push_back(identity);
      }
      // A file is rewritten without an item's rows, so an item cannot both stay and go.
      const auto twice = std::ranges::find_if(choice.dropped, [&](const Hash128& identity) {
        const auto owner = owners.find(identity);
        return owner != owners.end() && owner->second == i;
      });
      if (twice != choice.dropped.end()) {
        return fail(ErrorKind::kUnsupported,
                    "{} holds an item twice; no earthcatalog wrote it. Move it away, and run again",
                    files_[i].file.file_path);
      }
    }
    return {};
  }

  storage::Stores& stores_;
  const iceberg::Schema& schema_;
  const std::vector<FoundFile>& files_;
  const std::size_t workers_;
  NewestVersions newest_;
  std::vector<FileChoice> choices_;
};

}  // namespace

Result<ItemVersions> read_items(geoparquet::FileReader& file, const iceberg::Schema& schema) {
  ItemVersions items;
  EC_TRY(index::for_each_row(file, schema, [&](const Hash128& identity, std::optional<TimeMicros> updated) -> Status {
    items.emplace_back(identity, updated.value_or(index::kNeverUpdated));
    return {};
  }));
  return items;
}

void NewestVersions::add(const Hash128& identity, TimeMicros updated) {
  entries_.emplace_back(identity, updated);
  if (entries_.size() >= std::max(2 * distinct_, kFewEntries)) drop_older();
}

void NewestVersions::seal() { drop_older(); }

TimeMicros NewestVersions::of(const Hash128& identity) const {
  return std::ranges::lower_bound(entries_, identity, {}, &std::pair<Hash128, TimeMicros>::first)->second;
}

void NewestVersions::drop_older() {
  std::ranges::sort(entries_, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : b.second < a.second;
  });
  const auto older = std::ranges::unique(entries_, {}, &std::pair<Hash128, TimeMicros>::first);
  entries_.erase(older.begin(), older.end());
  distinct_ = entries_.size();
}

Result<std::vector<FileChoice>> choose_rows(storage::Stores& stores, const iceberg::Schema& schema,
                                            const std::vector<FoundFile>& files, std::size_t workers) {
  return Chooser(stores, schema, files, workers).run();
}

}  // namespace earthcatalog::maintenance
