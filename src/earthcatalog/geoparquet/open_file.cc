#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "earthcatalog/geoparquet/arrow_edge.h"
#include "earthcatalog/geoparquet/open_file_internal.h"

namespace earthcatalog::geoparquet {
namespace {

// The end of a file, where the footer is: as much is read of any file, so a smaller one takes one request.
constexpr std::int64_t kSmallFileBytes = 64 << 10;
// Memory is reserved for the rows that a footer claims before any of them is read. No sane row group is as large.
constexpr std::int64_t kMaxRowGroupRows = std::int64_t{1} << 26;
// Behind the footer: its length in 4 bytes, little-endian, and the magic bytes.
constexpr std::int64_t kEndBytes = 8;
constexpr std::string_view kMagic = "PAR1";

Status check_row_counts(const parquet::FileMetaData& metadata) {
  std::int64_t rows = 0;
  for (int i = 0; i < metadata.num_row_groups(); ++i) {
    const std::int64_t count = metadata.RowGroup(i)->num_rows();
    if (count < 0 || count > kMaxRowGroupRows) {
      return fail(ErrorKind::kInvalidData, "row group {} claims to have {} rows", i, count);
    }
    rows += count;
  }
  if (rows != metadata.num_rows()) {
    return fail(ErrorKind::kInvalidData, "the row groups have {} rows, the file {}", rows, metadata.num_rows());
  }
  return {};
}

using InputFile = std::shared_ptr<arrow::io::RandomAccessFile>;

Result<InputFile> read_whole(const storage::Location& where, std::int64_t size_bytes) {
  EC_ASSIGN_OR_RETURN(auto object, where.store->get(where.key));
  if (!object) return fail(ErrorKind::kNotFound, "it does not exist");
  if (std::ssize(object->bytes) != size_bytes) {
    return fail(ErrorKind::kInvalidData, "has {} bytes, not {}", object->bytes.size(), size_bytes);
  }
  return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(object->bytes)));
}

// The length that the end of a file says its footer has; nothing when it does not end as Parquet does.
std::optional<std::int64_t> stated_length(std::string_view tail, std::int64_t file_bytes) {
  if (std::ssize(tail) < kEndBytes || !tail.ends_with(kMagic)) return std::nullopt;
  const auto end = tail.substr(tail.size() - kEndBytes);
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < sizeof length; ++i) {
    length |= std::uint32_t{static_cast<unsigned char>(end[i])} << (8 * i);
  }
  return length <= file_bytes - kEndBytes ? std::optional<std::int64_t>(length) : std::nullopt;
}

}  // namespace

Result<OpenedFile> open_file(const storage::Location& where, std::optional<std::int64_t> size_bytes) {
  const bool is_small = size_bytes && *size_bytes <= kSmallFileBytes;
  const auto open = [&] {
    return is_small ? read_whole(where, *size_bytes) : where.store->open_input(where.key, size_bytes);
  };
  auto file = guarded(ErrorKind::kInvalidData, open);
  EC_TRY(name_object(file, "reading", where.uri()));
  const bool is_far = !is_small && where.store->capabilities().far;
  return OpenedFile{.bytes = *std::move(file), .place = is_far ? Place::kFar : Place::kNear};
}

Result<Footer> read_footer(const InputFile& file, arrow::MemoryPool* pool) {
  const parquet::ReaderProperties properties(pool);
  EC_ARROW_ASSIGN(const std::int64_t size, ErrorKind::kIOError, file->GetSize());
  const std::int64_t tail_bytes = std::min(size, kSmallFileBytes);
  EC_ARROW_ASSIGN(auto tail, ErrorKind::kIOError, file->ReadAt(size - tail_bytes, tail_bytes));
  const auto length = stated_length(std::string_view(*tail), size);
  Footer footer;
  if (length) {
    footer.size_bytes = *length;
    std::int64_t begin = tail->size() - kEndBytes - *length;
    if (begin < 0) {
      EC_ARROW_ASSIGN(tail, ErrorKind::kIOError, file->ReadAt(size - kEndBytes - *length, *length));
      begin = 0;
    }
    footer.metadata = parquet::FileMetaData::Make(tail->data() + begin, *length, properties);
  } else {
    footer.metadata = parquet::ParquetFileReader::Open(file, properties)->metadata();  // Parquet says what is wrong
  }
  EC_TRY(check_row_counts(*footer.metadata));
  return footer;
}

}  // namespace earthcatalog::geoparquet
