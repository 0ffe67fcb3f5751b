#include "earthcatalog/pipeline/write_groups.h"

#include <algorithm>
#include <iterator>

#include "earthcatalog/pipeline/parallel.h"
#include "earthcatalog/pipeline/rewrite.h"

namespace earthcatalog::pipeline {
namespace {

struct Piece {
  const Group* group;
  std::size_t first, count;
};

std::vector<Piece> cut_pieces(const RowCutter& cutter, std::size_t most_rows) {
  std::vector<Piece> pieces;
  for (const Group& group : cutter.groups()) {
    for (std::size_t first = 0; first < group.count; first += most_rows) {
      pieces.push_back({&group, first, std::min(most_rows, group.count - first)});
    }
  }
  return pieces;
}

}  // namespace

Result<std::vector<WrittenFile>> write_groups(storage::Stores& stores, const RowCutter& cutter,
                                              const TableWriter& writer, const WriteGroupsOptions& options) {
  const auto pieces = cut_pieces(cutter, static_cast<std::size_t>(options.most_rows));
  std::vector<WrittenFile> files(pieces.size());
  ProgressMeter meter(options.progress, {.total = std::ssize(pieces), .stage = "write", .unit = "files"});
  const auto status = parallel_for(pieces.size(), options.workers, [&](std::size_t i) -> Status {
    const Piece& piece = pieces[i];
    const Bucket bucket = options.bucket_of(piece.group->key);
    EC_ASSIGN_OR_RETURN(const auto rows, cutter.cut(*piece.group, piece.first, piece.count, bucket.cell));
    const auto next = [&] { return stores.locate(options.next_uri(bucket)); };
    EC_ASSIGN_OR_RETURN(files[i].file, writer.of(bucket.cell).write(next, {rows}, partition_of(bucket)));
    files[i].primaries = cutter.count_primary(*piece.group, piece.first, piece.count);
    meter.add();
    return {};
  });
  if (!status) {
    std::vector<iceberg::DataFile> written;
    for (auto& [file, primaries] : files) {
      if (!file.file_path.empty()) written.push_back(std::move(file));
    }
    discard_files(stores, written);
    return std::unexpected(status.error());
  }
  return files;
}

}  // namespace earthcatalog::pipeline
