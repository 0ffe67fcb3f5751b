#include "earthcatalog/index/hash_index.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/extsort/sorted_merge.h"
#include "earthcatalog/index/hash_index_file.h"
#include "earthcatalog/index/table_rows.h"

namespace earthcatalog::index {
namespace {

using Kind = HashChange::Kind;

constexpr std::int64_t kExpectedGone = 1 << 16;

// One side of a merge: what the index holds, or what is to change.
struct Cursor {
  std::function<Result<std::span<const HashChange>>()> next_piece;
  std::span<const HashChange> piece = {};

  Result<bool> fill() {
    if (!piece.empty()) return true;
    EC_ASSIGN_OR_RETURN(piece, next_piece());
    return !piece.empty();
  }
  void advance() { piece = piece.subspan(1); }
  const HashChange& change() const { return piece.front(); }
};

// The index as changes that say what is there.
class Present {
 public:
  explicit Present(HashIndexReader& reader) : reader_(reader) {}
  Result<std::span<const HashChange>> operator()() {
    EC_ASSIGN_OR_RETURN(const auto hashes, reader_.next());
    piece_.clear();
    for (const Hash128& hash : hashes) piece_.push_back({hash, Kind::kPresent});
    return std::span<const HashChange>(piece_);
  }

 private:
  HashIndexReader& reader_;
  std::vector<HashChange> piece_;
};

// Takes all that is said of one hash after the other, and writes those that stay.
class Outcome {
 public:
  explicit Outcome(HashIndexWriter& writer) : writer_(writer) {}

  Status take(const HashChange& change) {
    if (!said_ || change.key != hash_) {
      EC_TRY(settle());
      hash_ = change.key;
    }
    said_ |= 1u << static_cast<unsigned>(change.kind);
    return {};
  }

  Status settle() {
    const auto said = [&](Kind kind) { return (said_ >> static_cast<unsigned>(kind) & 1u) != 0; };
    const bool before = said(Kind::kPresent), after = said(Kind::kAdd) || (before && !said(Kind::kDrop));
    said_ = 0;
    report_.entries += after;
    report_.added += after && !before;
    report_.dropped += before && !after;
    return after ? writer_.append(hash_) : Status{};
  }

  const HashIndexReport& report() const { return report_; }

 private:
  HashIndexWriter& writer_;
  Hash128 hash_;
  unsigned said_ = 0;  // a bit for each kind
  HashIndexReport report_;
};

Result<HashIndexReport> write(const storage::Location& where, HashIndexReader* old, HashChanges& changes,
                              std::optional<std::string> etag_before, std::optional<std::int64_t> snapshot_id) {
  EC_ASSIGN_OR_RETURN(const auto writer,
                      HashIndexWriter::create(where, {.etag_before = std::move(etag_before)}, snapshot_id));
  std::vector<Cursor> cursors;
  if (old != nullptr) cursors.push_back({.next_piece = Present(*old)});
  cursors.push_back({.next_piece = [&] { return changes.next_part(); }});
  Outcome outcome(*writer);
  EC_TRY(extsort::merge_sorted(
      cursors,
      [](const Cursor& a, const Cursor& b) {
        return extsort::number_of(a.change().key) < extsort::number_of(b.change().key);
      },
      [&](const Cursor& cursor) { return outcome.take(cursor.change()); }));
  EC_TRY(outcome.settle());
  EC_TRY(writer->finish());
  return outcome.report();
}

Result<std::optional<std::string>> etag_at(const storage::Location& where) {
  EC_ASSIGN_OR_RETURN(const auto info, where.store->head(where.key));
  return info ? std::optional(info->etag) : std::nullopt;
}

std::optional<std::int64_t> snapshot_of(const iceberg::Table& table) {
  const auto* snapshot = table.current_snapshot();
  return snapshot != nullptr ? std::optional(snapshot->snapshot_id) : std::nullopt;
}

// The hashes that `changes` adds, each once, piece by piece.
template <class Visit>
Status for_each_distinct(HashChanges& changes, Visit visit) {
  std::vector<extsort::HashKey> distinct;
  for (;;) {
    EC_ASSIGN_OR_RETURN(const auto part, changes.next_part());
    if (part.empty()) return {};
    distinct.clear();
    for (const HashChange& change : part) {  // equal ones are in the same part
      if (distinct.empty() || distinct.back().key != change.key) distinct.push_back({change.key});
    }
    EC_TRY(visit(std::span<const extsort::HashKey>(distinct)));
  }
}

Status add_files(const iceberg::Table& table, std::optional<std::int64_t> before, const Hooks& hooks,
                 HashChanges& changes) {
  ProgressMeter meter(hooks.progress, {.stage = "read ids", .unit = "files"});
  Mutex mutex;  // of the changes
  return for_each_changed_file(table, before, snapshot_of(table),
                               [&](const iceberg::DataFile& file, bool came) -> Status {
                                 if (hooks.stopping()) return fail(ErrorKind::kCancelled, "stopped");
                                 EC_TRY(for_each_id(table.stores(), table.schema(), file, [&](std::string_view id) {
                                   const MutexLock lock(mutex);
                                   return came ? changes.add(id) : changes.drop(id_hash(id));
                                 }));
                                 meter.add();
                                 return {};
                               });
}

// Adds the changes since the snapshot `before`: the ids of files that came are added; those of files that went are
// dropped, unless a file that stayed holds them too, for an item of another collection or in another cell.
Status add_changes(const iceberg::Table& table, std::int64_t before, const HashIndexOptions& options,
                   HashChanges& changes) {
  HashChanges touched(options);
  EC_TRY(add_files(table, before, options.hooks, touched));
  extsort::HashTable<extsort::HashKey> gone(
      kExpectedGone, {.scratch_folder = options.scratch_folder, .memory_bytes = options.memory_bytes / 4});
  for (;;) {
    EC_ASSIGN_OR_RETURN(const auto part, touched.next_part());
    if (part.empty()) break;
    for (std::size_t i = 0; i < part.size(); ++i) {  // of one hash the last says whether it came
      if (i + 1 < part.size() && part[i + 1].key == part[i].key) continue;
      const bool came = part[i].kind == Kind::kAdd;
      EC_TRY(came ? changes.add(part[i].key) : changes.drop(part[i].key));
      if (!came) EC_TRY(gone.append({part[i].key}));
    }
  }
  EC_TRY(gone.finish());
  if (gone.size() == 0) return {};
  Mutex mutex;  // of both
  return for_each_kept_file(table, before, snapshot_of(table), [&](const iceberg::DataFile& file) {
    return for_each_id(table.stores(), table.schema(), file, [&](std::string_view id) -> Status {
      const MutexLock lock(mutex);
      EC_ASSIGN_OR_RETURN(const bool is_gone, gone.contains(id_hash(id)));
      return is_gone ? changes.add(id) : Status{};
    });
  });
}

}  // namespace

// Buffers that double in size may be twice as large as what is in them.
HashChanges::HashChanges(const HashIndexOptions& options)
    : sorter_({.scratch_folder = options.scratch_folder, .memory_bytes = options.memory_bytes / 2}) {}

Result<HashIndexReport> build_hash_index(const storage::Location& where, HashChanges& changes,
                                         std::optional<std::int64_t> snapshot_id) {
  EC_ASSIGN_OR_RETURN(auto etag, etag_at(where));
  return write(where, nullptr, changes, std::move(etag), snapshot_id);
}

Result<HashIndexReport> update_hash_index(const storage::Location& where, HashChanges& changes,
                                          std::optional<std::int64_t> snapshot_id) {
  EC_ASSIGN_OR_RETURN(auto etag, etag_at(where));
  EC_ASSIGN_OR_RETURN(const auto old, HashIndexReader::open(where));
  return write(where, old.get(), changes, std::move(etag), snapshot_id);
}

Result<HashIndexReport> build_hash_index(const iceberg::Table& table, const storage::Location& where,
                                         const HashIndexOptions& options) {
  HashChanges changes(options);
  EC_TRY(add_files(table, {}, options.hooks, changes));
  EC_ASSIGN_OR_RETURN(auto report, build_hash_index(where, changes, snapshot_of(table)));
  report.rebuilt = true;
  return report;
}

Result<HashIndexReport> update_hash_index(const iceberg::Table& table, const storage::Location& where,
                                          const HashIndexOptions& options) {
  EC_ASSIGN_OR_RETURN(const auto etag, etag_at(where));
  if (!etag) return build_hash_index(table, where, options);
  EC_ASSIGN_OR_RETURN(const auto old, HashIndexReader::open(where));
  const auto described = old->snapshot_id();
  if (!described || table.metadata().find_snapshot(*described) == nullptr) {
    return build_hash_index(table, where, options);
  }
  if (described == snapshot_of(table)) return HashIndexReport{.entries = old->rows()};
  // Half for what is to change, half for finding it out.
  auto half = options;
  half.memory_bytes /= 2;
  HashChanges changes(half);
  EC_TRY(add_changes(table, *described, half, changes));
  return write(where, old.get(), changes, etag, snapshot_of(table));
}

Result<HashIndexCheck> check_hash_index(const storage::Location& where, const iceberg::Table* table,
                                        const HashIndexOptions& options) {
  EC_ASSIGN_OR_RETURN(const auto index, HashIndexReader::open(where));
  HashIndexCheck check;
  check.snapshot_id = index->snapshot_id();
  if (table != nullptr) {
    HashChanges ids(options);
    EC_TRY(add_files(*table, {}, options.hooks, ids));
    extsort::StreamAntiJoin join(*index);
    std::int64_t distinct = 0;
    EC_TRY(for_each_distinct(ids, [&](std::span<const extsort::HashKey> part) {
      distinct += static_cast<std::int64_t>(part.size());
      return join.add(part, [&](std::span<const extsort::HashKey> missing) -> Status {
        check.missing += static_cast<std::int64_t>(missing.size());
        return {};
      });
    }));
    check.table_ids = distinct;
  }
  for (;;) {  // to its end, for its order
    EC_ASSIGN_OR_RETURN(const auto piece, index->next());
    if (piece.empty()) break;
  }
  check.doubled = index->doubled();
  check.entries = index->rows() - check.doubled;
  if (check.table_ids) check.extra = check.entries - (*check.table_ids - check.missing);
  return check;
}

}  // namespace earthcatalog::index
