#include "earthcatalog/search/search.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/index/duplicate_rows.h"
#include "earthcatalog/search/row_matcher.h"
#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::search {
namespace {

// Files that are read side by side before their answers are handed on: few at first, since a caller may want few items.
constexpr std::size_t kFirstFiles = 16, kMostFiles = 1'024;
// Bytes in memory of a byte of a file: columns, and the JSON made of them.
constexpr std::int64_t kUnpacked = 12;

// The answers of one file, one after the other.
struct Answers {
  std::string text;
  std::vector<std::size_t> ends;  // of each answer, in the text
  std::int64_t rows_read = 0;

  std::string_view at(std::size_t i) const {
    const auto begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(text).substr(begin, ends[i] - begin);
  }
};

iceberg::Schema item_columns(const read::TableReader& table) {
  iceberg::Schema schema;
  for (const auto& column : table.item_schema().columns) {
    if (const auto* const field = table.schema().find(column.name)) schema.fields.push_back(*field);
  }
  return schema;
}

class Search {
 public:
  Search(const BoundQuery& query, const FindOptions& options,
         const std::function<Result<bool>(std::string_view)>& visit)
      : query_(query),
        options_(options),
        visit_(visit),
        item_(item_columns(query.table)),
        doubles_(options.memory_limit_bytes / 4, options.scratch_folder) {}

  Result<Found> run() {
    EC_ASSIGN_OR_RETURN(found_.plan, make_plan(query_));
    files_ = std::exchange(found_.plan.files, {});
    found_.files_planned = std::ssize(files_);
    if (options_.max_items == 0) found_.whole = files_.empty();
    if (options_.max_items == 0) return std::move(found_);
    if (query_.chosen == Chosen::kNewest) EC_TRY(find_doubles());
    std::size_t at_once = kFirstFiles;
    for (std::size_t first = 0; first < files_.size() && found_.whole; at_once = std::min(2 * at_once, kMostFiles)) {
      const auto count = files_that_fit(first, at_once);
      EC_TRY(answer(first, count));
      first += count;
    }
    return std::move(found_);
  }

 private:
  using Matches = std::function<Status(geoparquet::FileReader&, int group, const arrow::RecordBatch& rows,
                                       const std::vector<std::int64_t>& found)>;

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
    std::vector<std::int64_t> found;
    for (int group = 0; group < reader->row_groups(); ++group) {
      EC_ASSIGN_OR_RETURN(const auto rows, reader->read_rows(group, matcher->columns()));
      rows_read += rows->num_rows();
      EC_TRY(annotate(matcher->match(*rows, found), file.file_path));
      if (!found.empty()) EC_TRY(annotate(use(*reader, group, *rows, found), file.file_path));
    }
    return {};
  }

  Status find_doubles() {
    std::int64_t before = 0;
    for (const auto& file : files_) {
      first_rows_.push_back(before);
      before += file.record_count;
    }
    EC_TRY(parallel_for(files_.size(), parallel(), [&](std::size_t i) -> Status {
      std::int64_t next = first_rows_[i], read = 0;
      return match_file(files_[i], read,
                        [&](geoparquet::FileReader&, int, const arrow::RecordBatch& rows,
                            const std::vector<std::int64_t>& found) -> Status {
                          EC_ASSIGN_OR_RETURN(const auto matches, take(rows, found));
                          const MutexLock lock(mutex_);
                          EC_TRY(doubles_.add(*matches, next));
                          next += matches->num_rows();
                          return {};
                        });
    }));
    const MutexLock lock(mutex_);
    return doubles_.finish();
  }

  static Result<std::shared_ptr<arrow::RecordBatch>> take(const arrow::RecordBatch& rows,
                                                          const std::vector<std::int64_t>& found) {
    const auto indices = std::make_shared<arrow::Int64Array>(std::ssize(found), arrow::Buffer::Wrap(found));
    std::vector<std::shared_ptr<arrow::Array>> columns;
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const char* name : {"id", "collection", "updated"}) {
      const auto at = rows.schema()->GetFieldIndex(name);
      if (at < 0) continue;
      const auto taken = arrow::compute::Take(*rows.column(at), *indices);
      if (!taken.ok()) return fail(ErrorKind::kInvalidData, "column {}: {}", name, taken.status().message());
      columns.push_back(*taken);
      fields.push_back(rows.schema()->field(at));
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), std::ssize(found), columns);
  }

  // Hands on the answers of some files, in their order.
  Status answer(std::size_t first, std::size_t count) {
    std::vector<Answers> answers(count);
    EC_TRY(parallel_for(count, parallel(), [&](std::size_t i) { return answer_file(first + i, answers[i]); }));
    for (const auto& file : answers) {
      ++found_.files_read;
      found_.rows_read += file.rows_read;
      for (std::size_t i = 0; i < file.ends.size(); ++i) {
        if (options_.max_items && found_.items == *options_.max_items) {
          found_.whole = false;
          return {};
        }
        ++found_.items;
        EC_ASSIGN_OR_RETURN(const bool more, visit_(file.at(i)));
        if (!more) {
          found_.whole = false;
          return {};
        }
      }
    }
    return {};
  }

  Status answer_file(std::size_t number, Answers& answers) {
    std::int64_t next = query_.chosen == Chosen::kNewest ? first_rows_[number] : 0;
    return match_file(files_[number], answers.rows_read,
                      [&](geoparquet::FileReader& reader, int group, const arrow::RecordBatch& rows,
                          const std::vector<std::int64_t>& matches) -> Status {
                        std::vector<std::int64_t> found = matches;
                        if (query_.chosen == Chosen::kNewest) {
                          std::erase_if(found, [&](std::int64_t) { return is_double(next++); });
                        }
                        return write(reader, group, rows, found, answers);
                      });
  }

  bool is_double(std::int64_t row) {
    const MutexLock lock(mutex_);
    return doubles_.is_dropped(row);
  }

  Status write(geoparquet::FileReader& reader, int group, const arrow::RecordBatch& rows,
               const std::vector<std::int64_t>& found, Answers& answers) const {
    if (found.empty()) return {};
    if (options_.answer == Answer::kItem) {
      EC_ASSIGN_OR_RETURN(const auto whole, reader.read_rows(group, item_));
      const stac::ItemWriter writer(whole);
      for (const auto row : found) {
        EC_TRY(writer.append_json(row, answers.text));
        answers.ends.push_back(answers.text.size());
      }
      return {};
    }
    const auto* const ids = dynamic_cast<const arrow::StringArray*>(rows.GetColumnByName("id").get());
    for (const auto row : found) {
      if (options_.answer == Answer::kId && ids != nullptr) answers.text += ids->GetView(row);
      answers.ends.push_back(answers.text.size());
    }
    return {};
  }

  const BoundQuery& query_;
  const FindOptions& options_;
  const std::function<Result<bool>(std::string_view)>& visit_;
  const iceberg::Schema item_;
  std::vector<iceberg::DataFile> files_;
  std::vector<std::int64_t> first_rows_;  // of each file: the number of its first match
  Mutex mutex_;
  index::DuplicateRows doubles_ EC_GUARDED_BY(mutex_);
  Found found_;
};

}  // namespace

Result<Found> find(const BoundQuery& query, const FindOptions& options,
                   const std::function<Result<bool>(std::string_view answer)>& visit) {
  return Search(query, options, visit).run();
}

}  // namespace earthcatalog::search
