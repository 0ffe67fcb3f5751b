// Rows on their way from phase 2 to phase 3: NDJSON (ndjson_line.h), one file for each attempt and partition.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/backfill/staging/records.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/result.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace earthcatalog::backfill {

/// Appends a line, with its line feed. `item`: the fetched JSON without white space.
void append_line(const storage::ObjectRef& object, bool primary, std::string_view item, std::string& out);

struct WriteRowsOptions {
  Attempt attempt;
  int spill = 0;
  Parallel parallel;  ///< Stores::parallel()
};

/// Writes the rows of items whose texts were kept, a file for each partition.
Result<std::vector<StagedFile>> write_rows(const Staging& staging, const grid::Partitioner& grid,
                                           std::span<const std::unique_ptr<ingest::ChunkPart>> parts,
                                           const WriteRowsOptions& options);

struct FileToRead {
  StagedFile file;
  Attempt attempt;
};
/// The bytes of several files or parts, read side by side: on S3 what takes time is to wait for each. Errors as below.
Result<std::vector<std::string>> read_rows(const Staging& staging, std::span<const FileToRead> files);
/// About so many bytes are worth reading at a time.
inline constexpr std::int64_t kReadAheadBytes = 16 << 20;

/// A file or part, byte for byte, to the first of the places that `next` gives in which nothing is: its URI. Errors of
/// read_rows().
Result<std::string> copy_rows(const Staging& staging, const FileToRead& file, const geoparquet::NextPlace& next);

/// A file, to be read piece by piece. Errors of read_rows().
Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_rows(const Staging& staging, const StagedFile& file,
                                                               const Attempt& attempt);
/// The bytes of a file. kInvalidData when it is not as long as its record says.
Result<std::string> read_rows(const Staging& staging, const StagedFile& file, const Attempt& attempt);

}  // namespace earthcatalog::backfill
