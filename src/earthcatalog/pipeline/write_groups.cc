#include "earthcatalog/pipeline/write_groups.h"

#include <algorithm>

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

Result<std::vector<iceberg::DataFile>> write_groups(storage::Stores& stores, const RowCutter& cutter,
                                                    const TableWriter& writer, PartNames& names,
                                                    const std::function<Bucket(const GroupKey&)>& bucket_of,
                                                    const WriteGroupsOptions& options) {
  const auto pieces = cut_pieces(cutter, static_cast<std::size_t>(options.most_rows));
  std::vector<iceberg::DataFile> files(pieces.size());
  const auto status = parallel_for(pieces.size(), options.workers, [&](std::size_t i) -> Status {
    const Piece& piece = pieces[i];
    const Bucket bucket = bucket_of(piece.group->key);
    EC_ASSIGN_OR_RETURN(const auto rows, cutter.cut(*piece.group, piece.first, piece.count, bucket.cell));
    EC_ASSIGN_OR_RETURN(const auto where, stores.locate(names.next(bucket)));
    EC_ASSIGN_OR_RETURN(files[i], writer.of(bucket.cell).write(where, {rows}, partition_of(bucket)));
    return {};
  });
  if (!status) {
    std::erase_if(files, [](const auto& file) { return file.file_path.empty(); });
    discard_files(stores, files);
    return std::unexpected(status.error());
  }
  return files;
}

}  // namespace earthcatalog::pipeline
