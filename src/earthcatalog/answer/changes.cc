#include "earthcatalog/answer/changes.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "earthcatalog/answer/item_fields.h"
#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/extsort/hash_sorter.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/search/query.h"
#include "earthcatalog/stac/item_batch.h"
#include "earthcatalog/stac/json_string.h"

namespace earthcatalog::answer {
namespace {

enum class Kind : std::uint8_t { kSame, kAdded, kUpdated, kDeleted };

// A row of an item in one of the states.
struct Version {
  Hash128 key;  // of the item
  std::int64_t updated = INT64_MIN;
  std::int64_t row = 0;  // number among all rows read
  std::uint64_t content = 0;
  bool before = false, after = false;  // the states that have it
  std::uint8_t unused[6] = {};
  auto operator<=>(const Version&) const = default;
};

struct File {
  iceberg::DataFile file;
  const read::TableReader* table;
  bool before, after;
  std::int64_t first_row = 0;
};

// A file with other deleted rows is another file.
std::string name_of(const iceberg::DataFile& file) {
  std::string name = file.file_path;
  for (const auto& deletes : file.deletes) name += '\n' + deletes.file_path;
  return name;
}

class Comparison {
 public:
  Comparison(const read::TableReader& before, const read::TableReader& after, const ChangesOptions& options)
      : before_(before),
        after_(after),
        options_(options),
        versions_({.scratch_folder = options.scratch_folder, .memory_bytes = options.memory_limit_bytes / 4}) {}

  Result<Changes> run(const std::function<Result<bool>(std::string_view)>& visit) {
    EC_TRY(list_files());
    EC_TRY(parallel_for(files_.size(), parallel(), [&](std::size_t i) { return look_at(files_[i]); }));
    changes_.files_read = std::ssize(files_);
    EC_TRY(compare());
    for (const auto& file : files_) {
      EC_ASSIGN_OR_RETURN(const bool more, tell(file, visit));
      if (!more) break;
    }
    return changes_;
  }

 private:
  Parallel parallel() const {
    return after_.stores().parallel(static_cast<std::size_t>(options_.workers), options_.memory_limit_bytes / 4);
  }

  Status list_files() {
    std::map<std::string, iceberg::DataFile> old;
    EC_TRY(before_.list_files({}, [&](iceberg::DataFile&& file) -> Status {
      old.emplace(name_of(file), std::move(file));
      return {};
    }));
    const bool ours = search::all_rows_are_ours(after_);
    EC_TRY(after_.list_files({}, [&](iceberg::DataFile&& file) -> Status {
      const auto found = old.find(name_of(file));
      const bool both = found != old.end();
      if (both) old.erase(found);
      if (!both || !ours) files_.push_back({.file = std::move(file), .table = &after_, .before = both, .after = true});
      return {};
    }));
    for (auto& [name, file] : old) {
      files_.push_back({.file = std::move(file), .table = &before_, .before = true, .after = false});
    }
    std::int64_t rows = 0;
    for (auto& file : files_) rows += std::exchange(file.first_row, rows), rows += file.file.record_count;
    return {};
  }

  // Calls `use(batch, first)` for the rows of a file, `first` being the number of the first of them.
  template <class Use>
  Status for_each_batch(const File& file, Use use) const {
    EC_ASSIGN_OR_RETURN(const auto reader, geoparquet::FileReader::open(file.table->stores(), file.file));
    const auto columns = ItemFields().json_columns(*file.table);
    std::int64_t first = file.first_row;
    for (int group = 0; group < reader->row_groups(); ++group) {
      EC_ASSIGN_OR_RETURN(const auto rows, reader->read_rows(group, columns));
      if (first + rows->num_rows() > file.first_row + file.file.record_count) {
        return fail(ErrorKind::kInvalidData, "{} has more rows than its manifest says", file.file.file_path);
      }
      EC_TRY(annotate(use(rows, first), file.file.file_path));
      first += rows->num_rows();
    }
    return {};
  }

  Status look_at(const File& file) {
    return for_each_batch(file, [&](const std::shared_ptr<arrow::RecordBatch>& rows, std::int64_t first) -> Status {
      const auto ids = text_column(*rows, "id"), collections = text_column(*rows, "collection");
      const auto updated = std::dynamic_pointer_cast<arrow::TimestampArray>(rows->GetColumnByName("updated"));
      const stac::ItemWriter writer(rows);
      std::vector<Version> versions;
      std::string json;
      for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
        json.clear();
        EC_TRY(writer.append_json(row, json));
        Version version{.key = identity_hash(text(collections, row), text(ids, row)),
                        .row = first + row,
                        .content = extsort::prefix_of(hash128(json)),
                        .before = file.before,
                        .after = file.after};
        if (updated != nullptr && updated->IsValid(row)) version.updated = updated->Value(row);
        versions.push_back(version);
      }
      const MutexLock lock(mutex_);
      for (const auto& version : versions) EC_TRY(versions_.add(version));
      return {};
    });
  }

  // Marks the row that tells of each changed item.
  Status compare() {
    const MutexLock lock(mutex_);
    if (!files_.empty())
      marks_.resize(static_cast<std::size_t>(files_.back().first_row + files_.back().file.record_count));
    return versions_.drain([&](std::span<const Version> part) EC_REQUIRES(mutex_) -> Status {
      for (std::size_t begin = 0, end = 0; begin < part.size(); begin = end) {
        while (end < part.size() && part[end].key == part[begin].key) ++end;
        compare_item(part.subspan(begin, end - begin));
      }
      return {};
    });
  }

  // Of the versions of one item the newest in each state counts; they ascend by `updated`.
  void compare_item(std::span<const Version> versions) {
    const Version *old = nullptr, *now = nullptr;
    for (const auto& version : versions) {
      if (version.before) old = &version;
      if (version.after) now = &version;
    }
    if (old == nullptr) {
      mark(*now, Kind::kAdded, changes_.added);
    } else if (now == nullptr) {
      mark(*old, Kind::kDeleted, changes_.deleted);
    } else if (old->content != now->content) {
      mark(*now, Kind::kUpdated, changes_.updated);
    }
  }

  void mark(const Version& version, Kind kind, std::int64_t& count) {
    marks_[static_cast<std::size_t>(version.row)] = kind;
    ++count;
  }

  // False: that was enough.
  Result<bool> tell(const File& file, const std::function<Result<bool>(std::string_view)>& visit) const {
    const auto begin = marks_.begin() + file.first_row, end = begin + file.file.record_count;
    if (std::all_of(begin, end, [](Kind kind) { return kind == Kind::kSame; })) return true;
    bool more = true;
    EC_TRY(for_each_batch(file, [&](const std::shared_ptr<arrow::RecordBatch>& rows, std::int64_t first) -> Status {
      const stac::ItemWriter writer(rows);
      for (std::int64_t row = 0; row < rows->num_rows() && more; ++row) {
        const auto kind = marks_[static_cast<std::size_t>(first + row)];
        if (kind == Kind::kSame) continue;
        std::string line;
        EC_TRY(append_change(kind, *rows, writer, row, line));
        EC_ASSIGN_OR_RETURN(more, visit(line));
      }
      return {};
    }));
    return more;
  }

  static Status append_change(Kind kind, const arrow::RecordBatch& rows, const stac::ItemWriter& writer,
                              std::int64_t row, std::string& line) {
    if (kind == Kind::kDeleted) {
      line += R"({"change":"deleted","id":)";
      stac::append_quoted(text(text_column(rows, "id"), row), line);
      const auto collections = text_column(rows, "collection");
      line += ",\"collection\":";
      if (collections == nullptr || collections->IsNull(row)) {
        line += "null";
      } else {
        stac::append_quoted(text(collections, row), line);
      }
    } else {
      line += kind == Kind::kAdded ? R"({"change":"added","item":)" : R"({"change":"updated","item":)";
      EC_TRY(writer.append_json(row, line));
    }
    line += '}';
    return {};
  }

  using Texts = std::shared_ptr<arrow::StringArray>;
  static Texts text_column(const arrow::RecordBatch& rows, const char* name) {
    return std::dynamic_pointer_cast<arrow::StringArray>(rows.GetColumnByName(name));
  }
  static std::string_view text(const Texts& column, std::int64_t row) {
    return column != nullptr && column->IsValid(row) ? column->GetView(row) : std::string_view();
  }

  const read::TableReader &before_, &after_;
  const ChangesOptions& options_;
  std::vector<File> files_;
  Mutex mutex_;
  extsort::HashSorter<Version> versions_ EC_GUARDED_BY(mutex_);
  std::vector<Kind> marks_;  // of all rows read
  Changes changes_;
};

}  // namespace

Result<Changes> find_changes(const read::TableReader& before, const read::TableReader& after,
                             const ChangesOptions& options,
                             const std::function<Result<bool>(std::string_view json)>& visit) {
  return Comparison(before, after, options).run(visit);
}

}  // namespace earthcatalog::answer
