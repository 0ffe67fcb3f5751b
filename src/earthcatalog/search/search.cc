#include "earthcatalog/search/search.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/index/duplicate_rows.h"
#include "earthcatalog/search/order/row_sorter.h"
#include "earthcatalog/search/row_matcher.h"

namespace earthcatalog::search {
namespace {

using Rows = std::shared_ptr<arrow::RecordBatch>;
using RowNumbers = std::vector<std::int64_t>;

// Files that are read side by side before their answers are handed on: few at first, since a caller may want few items.
constexpr std::size_t kFirstFiles = 16, kMostFiles = 1'024;
// Bytes in memory of a byte of a file: columns, and the JSON made of them.
constexpr std::int64_t kUnpacked = 12;
// Sorted rows that one thread makes a piece of at a time.
constexpr std::int64_t kSortedRows = 1'000;

// Some items of one row group.
struct Part {
  Piece piece;
  RowNumbers rows;  // in the file
};

// What was found in one file.
struct Answers {
  std::vector<Part> parts;
  std::int64_t rows_read = 0;
};

// The number of a row in its file.
constexpr int kGroupShift = 32;
std::int64_t row_number(int group, std::int64_t row) { return std::int64_t{group} << kGroupShift | row; }

void append_number(std::uint64_t number, std::string& bytes) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
}

// A row of a file as a position in an answer: what names the file, and what is greater for later rows.
std::string file_position(const iceberg::DataFile& file) { return std::string(hash128(file.file_path).view()); }

std::string position_of(const iceberg::DataFile& file, std::int64_t row) {
  auto position = file_position(file);
  append_number(static_cast<std::uint64_t>(row), position);
  return position;
}

// Columns of matcher and order.
Result<iceberg::Schema> filter_columns(const BoundQuery& query, const std::vector<iceberg::NestedField>& order) {
  EC_ASSIGN_OR_RETURN(const auto matcher, RowMatcher::make(query));
  auto schema = matcher->columns();
  for (const auto& field : order) {
    if (schema.find(field.name) == nullptr) schema.fields.push_back(field);
  }
  return schema;
}

// These columns of one batch or the other, which have the same rows.
Rows select(const Rows& rows, const Rows& others, const iceberg::Schema& schema) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const auto& field : schema.fields) {
    const auto& batch = rows->schema()->GetFieldIndex(field.name) >= 0 ? rows : others;
    const int at = batch->schema()->GetFieldIndex(field.name);
    columns.push_back(batch->column(at));
    fields.push_back(batch->schema()->field(at));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows->num_rows(), std::move(columns));
}

class Search {
 public:
  Search(const BoundQuery& query, const FindOptions& options, Sink& sink)
      : query_(query),
        options_(options),
        sink_(sink),
        doubles_(options.memory_limit_bytes / 4, options.scratch_folder),
        sorter_({.keep = options.max_items ? std::optional(*options.max_items + 1) : std::nullopt,
                 .after = options.after,
                 .memory_bytes = options.memory_limit_bytes / 8,  // sorting copies them
                 .scratch_folder = options.scratch_folder}) {}

  Result<Found> run() {
    std::vector<iceberg::NestedField> keys;
    if (is_sorted()) {
      EC_ASSIGN_OR_RETURN(keys, order_columns(options_.order, query_.table.schema()));
    }
    EC_ASSIGN_OR_RETURN(filter_, filter_columns(query_, keys));
    EC_ASSIGN_OR_RETURN(found_.plan, make_plan(query_));
    files_ = std::exchange(found_.plan.files, {});
    found_.files_planned = std::ssize(files_);
    if (options_.max_items == 0) found_.whole = files_.empty();
    if (options_.max_items == 0) return std::move(found_);
    if (query_.chosen == Chosen::kNewest) EC_TRY(find_doubles());
    EC_TRY(is_sorted() ? answer_sorted() : answer_by_files());
    return std::move(found_);
  }

 private:
  using Matches = std::function<Status(geoparquet::FileReader&, int group, const Rows& rows, const RowNumbers& found)>;

  bool is_sorted() const { return !options_.order.empty(); }

  Parallel parallel() const {
    return query_.table.stores().parallel(static_cast<std::size_t>(options_.workers), options_.memory_limit_bytes / 4);
  }

  std::size_t files_that_fit(std::size_t first, std::size_t most) const {
    std::int64_t bytes = 0;
    std::size_t count = 0;
    while (count < most && first + count < files_.size()) {
      bytes += files_[first + count].file_size_in_bytes * kUnpacked;
      if (count > 0 && bytes > options_.memory_limit_bytes / 2) break;
      ++count;
    }
    return count;
  }

  // Calls `use` for each row group that has matches.
  Status match_file(const iceberg::DataFile& file, std::int64_t& rows_read, const Matches& use) {
    EC_ASSIGN_OR_RETURN(const auto reader, geoparquet::FileReader::open(query_.table.stores(), file));
    EC_ASSIGN_OR_RETURN(const auto matcher, RowMatcher::make(query_));
    RowNumbers found;
    for (int group = 0; group < reader->row_groups(); ++group) {
      EC_ASSIGN_OR_RETURN(const auto rows, reader->read_rows(group, filter_));
      rows_read += rows->num_rows();
      EC_TRY(annotate(matcher->match(*rows, found), file.file_path));
      if (!found.empty()) EC_TRY(annotate(use(*reader, group, rows, found), file.file_path));
    }
    return {};
  }

  // The same with the rows that stand for their item where other engines wrote some.
  Status match_items(std::size_t number, std::int64_t& rows_read, const Matches& use) {
    if (query_.chosen != Chosen::kNewest) return match_file(files_[number], rows_read, use);
    std::int64_t next = first_rows_[number];
    return match_file(files_[number], rows_read,
                      [&](geoparquet::FileReader& reader, int group, const Rows& rows, const RowNumbers& matches) {
                        auto found = matches;
                        std::erase_if(found, [&](std::int64_t) { return is_double(next++); });
                        return found.empty() ? Status() : use(reader, group, rows, found);
                      });
  }

  Status find_doubles() {
    std::int64_t before = 0;
    for (const auto& file : files_) {
      first_rows_.push_back(before);
      before += file.record_count;
    }
    iceberg::Schema version;
    for (const char* name : {"id", "collection", "updated"}) {
      if (const auto* const field = filter_.find(name)) version.fields.push_back(*field);
    }
    EC_TRY(parallel_for(files_.size(), parallel(), [&](std::size_t i) -> Status {
      std::int64_t next = first_rows_[i], read = 0;
      return match_file(files_[i], read,
                        [&](geoparquet::FileReader&, int, const Rows& rows, const RowNumbers& found) -> Status {
                          EC_ASSIGN_OR_RETURN(const auto matches, take_rows(select(rows, rows, version), found));
                          const MutexLock lock(mutex_);
                          EC_TRY(doubles_.add(*matches, next));
                          next += matches->num_rows();
                          return {};
                        });
    }));
    const MutexLock lock(mutex_);
    return doubles_.finish();
  }

  bool is_double(std::int64_t row) {
    const MutexLock lock(mutex_);
    return doubles_.is_dropped(row);
  }

  // What the sink needs of the rows of a group, of which `filter` is there: no column is read twice.
  Result<Rows> sink_rows(geoparquet::FileReader& reader, int group, const Rows& filter) const {
    iceberg::Schema rest;
    for (const auto& field : sink_.columns().fields) {
      if (filter_.find(field.name) == nullptr) rest.fields.push_back(field);
    }
    if (rest.fields.empty()) return select(filter, filter, sink_.columns());
    EC_ASSIGN_OR_RETURN(const auto others, reader.read_rows(group, rest));
    return select(filter, others, sink_.columns());
  }

  Status answer_by_files() {
    std::size_t at_once = kFirstFiles;
    EC_ASSIGN_OR_RETURN(std::size_t first, first_file());
    for (; first < files_.size() && found_.whole; at_once = std::min(2 * at_once, kMostFiles)) {
      const auto count = files_that_fit(first, at_once);
      EC_TRY(answer(first, count));
      first += count;
    }
    return {};
  }

  // Where the answer goes on.
  Result<std::size_t> first_file() const {
    if (options_.after.empty()) return 0;
    const auto last = std::ranges::find_if(
        files_, [&](const iceberg::DataFile& file) { return options_.after.starts_with(file_position(file)); });
    if (last == files_.end()) return fail(ErrorKind::kInvalidArgument, "`token` names no file of this search");
    return static_cast<std::size_t>(last - files_.begin());
  }

  // Hands on the answers of some files, in their order.
  Status answer(std::size_t first, std::size_t count) {
    std::vector<Answers> answers(count);
    EC_TRY(parallel_for(count, parallel(), [&](std::size_t i) { return answer_file(first + i, answers[i]); }));
    for (std::size_t i = 0; i < count; ++i) {
      ++found_.files_read;
      found_.rows_read += answers[i].rows_read;
      for (auto& part : answers[i].parts) {
        EC_TRY(hand_on(std::move(part.piece), part.rows.size(),
                       [&](std::size_t item) { return position_of(files_[first + i], part.rows[item]); }));
        if (!found_.whole) return {};
      }
    }
    return {};
  }

  Status answer_file(std::size_t number, Answers& answers) {
    const auto& file = files_[number];
    const bool goes_on = !options_.after.empty() && options_.after.starts_with(file_position(file));
    return match_items(
        number, answers.rows_read,
        [&](geoparquet::FileReader& reader, int group, const Rows& rows, const RowNumbers& matches) -> Status {
          auto found = matches;
          if (goes_on) {
            std::erase_if(
                found, [&](std::int64_t row) { return position_of(file, row_number(group, row)) <= options_.after; });
          }
          if (found.empty()) return {};
          Part part;
          for (const auto row : found) part.rows.push_back(row_number(group, row));
          EC_ASSIGN_OR_RETURN(const auto columns, sink_rows(reader, group, rows));
          EC_ASSIGN_OR_RETURN(part.piece, sink_.make(columns, found));
          answers.parts.push_back(std::move(part));
          return {};
        });
  }

  // `position` tells where an item of the piece stands.
  Status hand_on(Piece&& piece, std::size_t count, const std::function<std::string(std::size_t)>& position) {
    const auto most = options_.max_items ? static_cast<std::size_t>(*options_.max_items - found_.items) : count;
    if (most < count) {
      found_.whole = false;
      piece.keep(most);
      count = most;
    }
    if (count == 0) return {};
    found_.items += static_cast<std::int64_t>(count);
    found_.last = position(count - 1);
    EC_ASSIGN_OR_RETURN(const bool more, sink_.take(std::move(piece), count));
    found_.whole = found_.whole && more;
    return {};
  }

  Status answer_sorted() {
    std::vector<std::int64_t> rows_read(files_.size());
    EC_TRY(parallel_for(files_.size(), parallel(), [&](std::size_t i) { return sort_file(i, rows_read[i]); }));
    for (const auto rows : rows_read) found_.rows_read += rows;
    found_.files_read = found_.files_planned;
    const auto workers = static_cast<std::size_t>(std::max(options_.workers, 1));
    return sorter_.drain(kSortedRows * static_cast<std::int64_t>(workers),
                         [&](const Rows& rows, std::vector<std::string>&& keys) { return answer_rows(rows, keys); });
  }

  Status sort_file(std::size_t number, std::int64_t& rows_read) {
    return match_items(
        number, rows_read,
        [&](geoparquet::FileReader& reader, int group, const Rows& rows, const RowNumbers& matches) -> Status {
          const KeyMaker maker(options_.order, *rows);
          std::vector<std::string> keys;
          RowNumbers found;
          for (const auto row : matches) {
            std::string key;
            maker.append(row, key);
            key += position_of(files_[number], row_number(group, row));  // rows without an id
            if (!sorter_.admits(key)) continue;
            keys.push_back(std::move(key));
            found.push_back(row);
          }
          if (found.empty()) return {};
          EC_ASSIGN_OR_RETURN(const auto columns, sink_rows(reader, group, rows));
          EC_ASSIGN_OR_RETURN(const auto taken, take_rows(columns, found));
          return sorter_.add(taken, keys);
        });
  }

  Result<bool> answer_rows(const Rows& rows, const std::vector<std::string>& keys) {
    const auto parts = static_cast<std::size_t>((rows->num_rows() + kSortedRows - 1) / kSortedRows);
    std::vector<Piece> pieces(parts);
    const auto slice = [&](std::size_t i) {
      return rows->Slice(static_cast<std::int64_t>(i) * kSortedRows, kSortedRows);
    };
    EC_TRY(parallel_for(parts, parts, [&](std::size_t i) -> Status {
      const auto part = slice(i);
      RowNumbers all(static_cast<std::size_t>(part->num_rows()));
      std::iota(all.begin(), all.end(), 0);
      EC_ASSIGN_OR_RETURN(pieces[i], sink_.make(part, all));
      return {};
    }));
    for (std::size_t i = 0; i < parts && found_.whole; ++i) {
      EC_TRY(hand_on(std::move(pieces[i]), static_cast<std::size_t>(slice(i)->num_rows()),
                     [&](std::size_t item) { return keys[i * static_cast<std::size_t>(kSortedRows) + item]; }));
    }
    return found_.whole;
  }

  const BoundQuery& query_;
  const FindOptions& options_;
  Sink& sink_;
  iceberg::Schema filter_;
  std::vector<iceberg::DataFile> files_;
  std::vector<std::int64_t> first_rows_;  // of each file: the number of its first match
  Mutex mutex_;
  index::DuplicateRows doubles_ EC_GUARDED_BY(mutex_);
  RowSorter sorter_;
  Found found_;
};

}  // namespace

Result<Found> find(const BoundQuery& query, const FindOptions& options, Sink& sink) {
  return Search(query, options, sink).run();
}

}  // namespace earthcatalog::search
