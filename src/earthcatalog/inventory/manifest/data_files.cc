#include "earthcatalog/inventory/manifest/data_files.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/io/memory.h>

#include "earthcatalog/inventory/formats/arrow_internal.h"
#include "earthcatalog/inventory/formats/byte_source.h"
#include "earthcatalog/inventory/formats/csv_rows.h"
#include "earthcatalog/inventory/formats/problem_rows.h"
#include "earthcatalog/inventory/formats/table_rows.h"
#include "earthcatalog/inventory/manifest/md5.h"

namespace earthcatalog::inventory {
namespace {

using File = std::shared_ptr<arrow::io::RandomAccessFile>;

constexpr std::int64_t kBlockBytes = 4 << 20;
constexpr std::int64_t kMaxHeldBytes = 32 << 20;

std::string_view text_of(const arrow::Buffer& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(bytes.size())};
}

Status check_md5(const std::string& found, const DataFile& file) {
  if (found == file.md5) return {};
  return fail(ErrorKind::kInvalidData,
              "the MD5 of its {} bytes is {}; the manifest says {}: the file is damaged or of another inventory",
              file.size_bytes, found, file.md5);
}

Result<std::shared_ptr<arrow::Buffer>> read_at(arrow::io::RandomAccessFile& file, std::int64_t from,
                                               std::int64_t most) {
  auto block = file.ReadAt(from, most);
  EC_TRY(from_arrow(block.status(), fmt::format("reading from byte {}", from)));
  return std::move(block).ValueUnsafe();
}

// The file, once its bytes have been found to be what the manifest says. A small file is read once and kept; a large
// one is read twice, because memory must not grow with the inventory.
Result<File> verified(File file, const DataFile& described) {
  if (described.md5.empty()) return file;
  Md5 md5;
  if (described.size_bytes <= kMaxHeldBytes) {
    EC_ASSIGN_OR_RETURN(auto bytes, read_at(*file, 0, described.size_bytes));
    md5.update(text_of(*bytes));
    EC_TRY(check_md5(md5.hex(), described));
    return std::make_shared<arrow::io::BufferReader>(std::move(bytes));
  }
  for (std::int64_t at = 0; at < described.size_bytes;) {
    EC_ASSIGN_OR_RETURN(const auto block, read_at(*file, at, kBlockBytes));
    if (block->size() == 0) break;
    md5.update(text_of(*block));
    at += block->size();
  }
  EC_TRY(check_md5(md5.hex(), described));
  return file;
}

Result<FileKind> kind_of(arrow::io::RandomAccessFile& file, const DataFile& described) {
  EC_ASSIGN_OR_RETURN(const auto first, read_at(file, 0, kProbeBytes));
  EC_ASSIGN_OR_RETURN(const FileKind kind, detect(described.location.key, text_of(*first)));
  const bool csv_in_manifest = described.promised == FileKind::kCsvGzip && kind == FileKind::kCsv;
  if (described.promised && kind != *described.promised && !csv_in_manifest) {
    return fail(ErrorKind::kInvalidData, "the manifest says {}, but the file is {}", to_string(*described.promised),
                to_string(kind));
  }
  return kind;
}

Result<OpenedRows> open_csv(std::unique_ptr<ByteSource> source, const DataFile& file, KeyEncoding encoding,
                            std::string format) {
  CsvOptions options{.uri = file.uri(), .schema = file.schema, .key_encoding = encoding};
  EC_ASSIGN_OR_RETURN(auto rows, CsvRows::open(std::move(source), std::move(options)));
  const bool url_encoded = rows->url_encoded();
  return OpenedRows{std::move(rows), std::move(format), url_encoded};
}

Result<OpenedRows> open_as(FileKind kind, File bytes, const DataFile& file, KeyEncoding encoding) {
  TableOptions table{.uri = file.uri(), .url_encoded = encoding == KeyEncoding::kUrl};
  switch (kind) {
    case FileKind::kCsv:
      return open_csv(std::make_unique<FileSource>(std::move(bytes)), file, encoding, "csv");
    case FileKind::kCsvGzip:
      return open_csv(gunzip(std::make_unique<FileSource>(std::move(bytes))), file, encoding, "csv.gz");
    case FileKind::kParquet: {
      EC_ASSIGN_OR_RETURN(auto rows, open_parquet_rows(std::move(bytes), table));
      return OpenedRows{std::move(rows), "parquet", table.url_encoded};
    }
    case FileKind::kOrc: {
      EC_ASSIGN_OR_RETURN(auto rows, open_orc_rows(std::move(bytes), table));
      return OpenedRows{std::move(rows), "orc", table.url_encoded};
    }
    case FileKind::kProblems:
      return OpenedRows{open_problem_rows(std::make_unique<FileSource>(std::move(bytes)), file.uri()), "problems",
                        false};
    default:
      return fail(ErrorKind::kInvalidData, "{}: expected a file of rows, found {}", file.uri(), to_string(kind));
  }
}

class AllRows final : public RowReader {
 public:
  AllRows(std::vector<DataFile> files, KeyEncoding encoding) : files_(std::move(files)), encoding_(encoding) {
    for (const DataFile& file : files_) total_bytes_ += file.size_bytes;
  }

  Result<OpenedRows> open_next() {
    if (next_ > 0) bytes_before_ += files_[next_ - 1].size_bytes;
    return open_rows(files_[next_++], encoding_);
  }
  void start(std::unique_ptr<RowReader> first) { current_ = std::move(first); }

  Result<bool> next(Row& row) override {
    for (;;) {
      if (current_) {
        auto more = current_->next(row);
        if (!more || *more) return more;
        if (next_ == files_.size()) return false;
      } else if (next_ == files_.size()) {
        return false;
      }
      current_ = nullptr;
      row = {};
      EC_ASSIGN_OR_RETURN(auto opened, open_next());
      current_ = std::move(opened.rows);
    }
  }
  std::string position() const override { return current_ ? current_->position() : "the manifest"; }
  std::optional<double> share_read() const override {
    const auto of_current = current_ ? current_->share_read() : std::nullopt;
    if (!of_current || total_bytes_ == 0) return std::nullopt;
    const double bytes = *of_current * static_cast<double>(files_[next_ - 1].size_bytes);
    return (static_cast<double>(bytes_before_) + bytes) / static_cast<double>(total_bytes_);
  }

 private:
  std::vector<DataFile> files_;
  KeyEncoding encoding_;
  std::size_t next_ = 0;
  std::int64_t total_bytes_ = 0, bytes_before_ = 0;  // of all files; of those before the current one
  std::unique_ptr<RowReader> current_;
};

}  // namespace

Result<OpenedRows> open_rows(const DataFile& file, KeyEncoding encoding) {
  const std::string uri = file.uri();
  File input;
  if (file.content) {
    input = std::make_shared<arrow::io::BufferReader>(file.content);
  } else {
    EC_ASSIGN_OR_RETURN(input, file.location.store->open_input(file.location.key, file.size_bytes));
  }
  EC_ASSIGN_OR_RETURN(File bytes, annotate(verified(std::move(input), file), uri));
  EC_ASSIGN_OR_RETURN(const FileKind kind, annotate(kind_of(*bytes, file), uri));
  return open_as(kind, std::move(bytes), file, encoding);
}

Result<OpenedRows> open_rows(std::vector<DataFile> files, KeyEncoding encoding) {
  const bool none = files.empty();
  auto all = std::make_unique<AllRows>(std::move(files), encoding);
  OpenedRows opened;
  if (!none) {
    EC_ASSIGN_OR_RETURN(opened, all->open_next());
    all->start(std::move(opened.rows));
  }
  opened.rows = std::move(all);
  return opened;
}

}  // namespace earthcatalog::inventory
