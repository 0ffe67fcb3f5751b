#include "earthcatalog/backfill/staging/ndjson_files.h"

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "earthcatalog/backfill/staging/ndjson_line.h"
#include "earthcatalog/base/parallel.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/storage/arrow_status.h"
#include "earthcatalog/storage/copy.h"

namespace earthcatalog::backfill {
namespace {

constexpr std::size_t kReadsAtOnce = 16;  // of local files

struct RowOf {
  write::CellYear group;
  std::uint32_t part, item;
  bool primary;
};

std::vector<RowOf> rows_by_group(std::span<const std::unique_ptr<ingest::ChunkPart>> parts) {
  std::vector<RowOf> rows;
  for (std::uint32_t p = 0; p < parts.size(); ++p) {
    if (!parts[p]) continue;
    for (std::uint32_t i = 0; i < parts[p]->items.size(); ++i) {
      const auto& item = parts[p]->items[i];
      for (std::uint32_t c = 0; c < item.cell_count; ++c) {
        rows.push_back({{parts[p]->cells[item.first_cell + c], item.year}, p, i, c == 0});
      }
    }
  }
  std::ranges::stable_sort(rows, {}, &RowOf::group);
  return rows;
}

std::unexpected<Error> gone(const std::string& uri) {
  return fail(ErrorKind::kNotFound, "{} is gone; run with `restart` to stage everything anew", uri);
}

std::unexpected<Error> cut_short(const Staging& staging, const StagedFile& file, const Attempt& attempt,
                                 std::int64_t bytes) {
  return fail(ErrorKind::kInvalidData, "{} has {} bytes, and its chunk wrote {}; remove {} and run again",
              staging.rows(file.partition, attempt, file.number), bytes, file.bytes, staging.done(attempt));
}

}  // namespace

// Names that are not UTF-8 cannot stand in JSON: their name in the object index is what identifies them.
void append_line(const storage::ObjectRef& object, bool primary, std::string_view item, std::string& out) {
  const auto text = [](const std::string& value) {
    return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  const auto modified = object.last_modified ? '"' + format_time(*object.last_modified) + '"' : "null";
  fmt::format_to(std::back_inserter(out),
                 R"({{"bucket":{},"key":{},"last_modified":{},"primary":{}{}{}}})"
                 "\n",
                 text(object.bucket), text(object.key), modified, primary, kBeforeItem, item);
}

Result<std::vector<std::string>> read_rows(const Staging& staging, std::span<const FileToRead> files) {
  std::vector<std::string> texts(files.size());
  EC_TRY(parallel_for(files.size(), staging.stores().parallel(kReadsAtOnce), [&](std::size_t i) -> Status {
    EC_ASSIGN_OR_RETURN(texts[i], read_rows(staging, files[i].file, files[i].attempt));
    return {};
  }));
  return texts;
}

Result<std::string> copy_rows(const Staging& staging, const FileToRead& file, const geoparquet::NextPlace& next) {
  const auto uri = staging.rows(file.file.partition, file.attempt, file.file.number);
  EC_ASSIGN_OR_RETURN(const auto from, staging.stores().locate(uri));
  EC_ASSIGN_OR_RETURN(auto to, next());
  auto copied = storage::copy_object(from, to, storage::Existing::kRefuse);
  while (!copied && copied.error().kind == ErrorKind::kAlreadyExists) {
    EC_ASSIGN_OR_RETURN(to, next());
    copied = storage::copy_object(from, to, storage::Existing::kRefuse);
  }
  EC_TRY(copied);
  if (!*copied) return gone(uri);
  EC_ASSIGN_OR_RETURN(const auto there, to.store->head(to.key));
  const std::int64_t bytes = there ? there->size_bytes : 0;
  if (bytes == file.file.bytes) return to.uri();
  EC_TRY(to.store->remove(std::vector{to.key}));
  return cut_short(staging, file.file, file.attempt, bytes);
}

Result<std::vector<StagedFile>> write_rows(const Staging& staging, const grid::Partitioner& grid,
                                           std::span<const std::unique_ptr<ingest::ChunkPart>> parts,
                                           const WriteRowsOptions& options) {
  const auto rows = rows_by_group(parts);
  std::vector<std::span<const RowOf>> groups;
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t end = first;
    while (end < rows.size() && rows[end].group == rows[first].group) ++end;
    groups.emplace_back(std::span(rows).subspan(first, end - first));
    first = end;
  }
  std::vector<StagedFile> files(groups.size());
  const auto write = [&](std::size_t g) -> Status {
    std::string text;
    for (const RowOf& row : groups[g]) {
      const auto& part = *parts[row.part];
      const auto& item = part.items[row.item];
      append_line(item.object, row.primary, part.text.view().substr(item.text_first, item.text_size), text);
    }
    files[g] = {.partition = write::partition_of(grid, groups[g].front().group),
                .number = {.spill = options.spill},
                .rows = std::ssize(groups[g]),
                .bytes = std::ssize(text),
                .items = std::ranges::count_if(groups[g], &RowOf::primary)};
    return staging.write(staging.rows(files[g].partition, options.attempt, files[g].number), text);
  };
  const auto holds = [&](std::size_t g) {
    std::int64_t bytes = 0;
    for (const RowOf& row : groups[g]) bytes += static_cast<std::int64_t>(parts[row.part]->items[row.item].text_size);
    return bytes;
  };
  EC_TRY(parallel_for(groups.size(), options.parallel, write, holds));
  return files;
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_rows(const Staging& staging, const StagedFile& file,
                                                               const Attempt& attempt) {
  const auto uri = staging.rows(file.partition, attempt, file.number);
  EC_ASSIGN_OR_RETURN(const auto where, staging.stores().locate(uri));
  auto in = where.store->open_input(where.key);
  if (!in && in.error().kind == ErrorKind::kNotFound) return gone(uri);
  EC_TRY(in);
  const auto size = (*in)->GetSize();
  if (!size.ok()) return std::unexpected(storage::from_arrow(size.status()).annotate(uri));
  if (*size != file.bytes) return cut_short(staging, file, attempt, *size);
  return in;
}

Result<std::string> read_rows(const Staging& staging, const StagedFile& file, const Attempt& attempt) {
  const auto uri = staging.rows(file.partition, attempt, file.number);
  EC_ASSIGN_OR_RETURN(auto text, staging.read(uri));
  if (!text) return gone(uri);
  if (std::ssize(*text) != file.bytes) return cut_short(staging, file, attempt, std::ssize(*text));
  return std::move(*text);
}

}  // namespace earthcatalog::backfill
