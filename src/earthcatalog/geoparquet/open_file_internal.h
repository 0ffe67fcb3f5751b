// A Parquet file that is opened: its bytes, and its footer.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::geoparquet {

/// The place of a file decides how a row group is read. A far one: all that its columns need is asked for at once, and
/// the thread counts as one that waits until it is there. A near one: Arrow reads it as it goes.
enum class Place : std::uint8_t { kNear, kFar };

struct OpenedFile {
  std::shared_ptr<arrow::io::RandomAccessFile> bytes;
  Place place = Place::kNear;
};

/// A small file is read whole, in one request.
Result<OpenedFile> open_file(const storage::Location& where, std::optional<std::int64_t> size_bytes);

struct Footer {
  std::shared_ptr<parquet::FileMetaData> metadata;
  std::int64_t size_bytes = 0;  ///< as the end of the file says
};

/// Reads the footer, with one request as a rule. kInvalidData; throws what Parquet throws.
Result<Footer> read_footer(const std::shared_ptr<arrow::io::RandomAccessFile>& file, arrow::MemoryPool* pool);

}  // namespace earthcatalog::geoparquet
