#include "earthcatalog/write/write_partitions.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/write/remove_rows.h"

namespace earthcatalog::write {
namespace {

// Bytes that a file takes beside its rows: its footer, and the encoder's buffers.
constexpr std::int64_t kFileBytes = 32 << 10;
// A row of ITS_LIVE in a file.
constexpr std::int64_t kRowBytes = 512;

struct Piece {
  const Group* group;
  std::size_t first, count;
};

std::vector<Piece> cut_pieces(const RowPartitioner& cutter, std::size_t most_rows) {
  std::vector<Piece> pieces;
  for (const Group& group : cutter.groups()) {
    for (std::size_t first = 0; first < group.count; first += most_rows) {
      pieces.push_back({&group, first, std::min(most_rows, group.count - first)});
    }
  }
  return pieces;
}

}  // namespace

Result<std::vector<WrittenFile>> write_partitions(storage::Stores& stores, const RowPartitioner& cutter,
                                                  const PartitionWriters& writer,
                                                  const WritePartitionsOptions& options) {
  const auto pieces = cut_pieces(cutter, static_cast<std::size_t>(options.most_rows));
  std::vector<WrittenFile> files(pieces.size());
  ProgressMeter meter(options.progress, {.total = std::ssize(pieces), .stage = "write", .unit = "files"});
  // While a file is on its way nothing is held but its bytes: the rows are in them.
  const auto write = [&](std::size_t i) -> Status {
    const Piece& piece = pieces[i];
    const Partition partition = options.partition_of(piece.group->key);
    EC_ASSIGN_OR_RETURN(auto rows, cutter.cut(*piece.group, piece.first, piece.count, partition.cell));
    const auto next = [&] { return stores.locate(options.next_uri(partition)); };
    EC_ASSIGN_OR_RETURN(auto file, writer.of(partition.cell).open(next, partition_key(partition), rows->num_rows()));
    EC_TRY(file.append(std::exchange(rows, nullptr)));
    EC_ASSIGN_OR_RETURN(files[i].file, file.finish());
    files[i].primaries = cutter.count_primary(*piece.group, piece.first, piece.count);
    meter.add();
    return {};
  };
  const auto holds = [&](std::size_t i) { return kFileBytes + static_cast<std::int64_t>(pieces[i].count) * kRowBytes; };
  const auto status = parallel_for(pieces.size(), options.parallel, write, holds);
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

}  // namespace earthcatalog::write
