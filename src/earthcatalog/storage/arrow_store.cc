#include "earthcatalog/storage/arrow_store.h"

#include <arrow/buffer.h>
#include <arrow/filesystem/filesystem.h>
#include <arrow/io/interfaces.h>

#include <algorithm>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/storage/arrow_status.h"
#include "earthcatalog/storage/byte_range.h"
#include "earthcatalog/storage/copy.h"
#include "earthcatalog/storage/output_stream.h"

namespace earthcatalog::storage {
namespace {

std::unexpected<Error> arrow_error(const arrow::Status& status, std::string_view doing, std::string_view uri) {
  return std::unexpected(from_arrow(status).annotate(fmt::format("{} {}", doing, uri)));
}

// Arrow does not hand out ETags: size and time stand for the content.
ObjectInfo info_from(std::string_view key, const arrow::fs::FileInfo& file) {
  const auto nanos = file.mtime().time_since_epoch().count();
  ObjectInfo info{.key = std::string(key),
                  .size_bytes = file.size(),
                  .etag = fmt::format("{:x}-{:x}", file.size(), nanos),
                  .last_modified = std::nullopt};
  if (file.mtime() != arrow::fs::kNoTime) info.last_modified = nanos / 1000;
  return info;
}

// Below a local file system ".." would.
bool leaves_root(std::string_view key) { return fmt::format("/{}/", key).find("/../") != std::string::npos; }

}  // namespace

// Arrow's streams make what was written appear when they are dropped; this one does not.
class ArrowStore::Output final : public StoreOutput {
 public:
  Output(std::shared_ptr<arrow::fs::FileSystem> fs, std::shared_ptr<arrow::io::OutputStream> stream, std::string path,
         std::string uri)
      : fs_(std::move(fs)), stream_(std::move(stream)), path_(std::move(path)), uri_(std::move(uri)) {}
  ~Output() override { abandon(); }

 private:
  Status append(std::string_view bytes) override {
    const auto status = stream_->Write(bytes.data(), static_cast<std::int64_t>(bytes.size()));
    if (!status.ok()) return arrow_error(status, "writing", uri_);
    return {};
  }
  Status finish() override {
    const Waiting waiting;
    const auto status = stream_->Close();
    if (!status.ok()) return arrow_error(status, "writing", uri_);
    return {};
  }
  void discard() override {
    (void)stream_->Abort();
    (void)fs_->DeleteFile(path_);
  }

  const std::shared_ptr<arrow::fs::FileSystem> fs_;
  const std::shared_ptr<arrow::io::OutputStream> stream_;
  const std::string path_;
  const std::string uri_;
};

ArrowStore::ArrowStore(std::string root_uri, std::shared_ptr<arrow::fs::FileSystem> fs, std::string root)
    : root_uri_(std::move(root_uri)), fs_(std::move(fs)), root_(std::move(root)) {}

std::string ArrowStore::uri(std::string_view key) const { return fmt::format("{}/{}", root_uri_, key); }

Result<std::string> ArrowStore::path_of(std::string_view key) const {
  if (key.empty() || key.ends_with('/') || leaves_root(key)) {
    return fail(ErrorKind::kInvalidArgument, "{} cannot be the name of an object", uri(key));
  }
  return root_.empty() ? std::string(key) : fmt::format("{}/{}", root_, key);
}

Result<std::optional<ObjectInfo>> ArrowStore::head(std::string_view key) {
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  const Waiting waiting;
  const auto file = fs_->GetFileInfo(path);
  if (!file.ok()) return arrow_error(file.status(), "reading", uri(key));
  if (file->type() != arrow::fs::FileType::File) return std::nullopt;
  return info_from(key, *file);
}

// All that a store without conditions can do for Existing::kRefuse.
Status ArrowStore::check_free(std::string_view key, Existing existing) {
  if (existing == Existing::kReplace) return {};
  EC_ASSIGN_OR_RETURN(const auto there, head(key));
  if (there) return already_there(uri(key));
  return {};
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> ArrowStore::open_input(std::string_view key,
                                                                            std::optional<std::int64_t> size_bytes) {
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  if (!size_bytes) {
    EC_ASSIGN_OR_RETURN(const auto info, head(key));
    if (!info) return fail(ErrorKind::kNotFound, "{} does not exist", uri(key));
    size_bytes = info->size_bytes;
  }
  arrow::fs::FileInfo file(path, arrow::fs::FileType::File);
  file.set_size(*size_bytes);
  auto opened = fs_->OpenInputFile(file);
  if (!opened.ok()) return arrow_error(opened.status(), "reading", uri(key));
  return *opened;
}

Result<std::optional<std::string>> ArrowStore::get_range(std::string_view key, std::int64_t offset,
                                                         std::int64_t length) {
  EC_ASSIGN_OR_RETURN(const auto info, head(key));
  if (!info) return std::nullopt;
  const ByteRange range = clamp_range(offset, length, info->size_bytes);
  EC_ASSIGN_OR_RETURN(const auto input, open_input(key, info->size_bytes));
  std::string bytes(static_cast<std::size_t>(range.length), '\0');
  const Waiting waiting;
  const auto count = input->ReadAt(range.offset, range.length, bytes.data());
  if (!count.ok()) return arrow_error(count.status(), "reading", uri(key));
  bytes.resize(static_cast<std::size_t>(*count));
  return bytes;
}

Result<std::optional<Object>> ArrowStore::get(std::string_view key) {
  EC_ASSIGN_OR_RETURN(auto info, head(key));
  if (!info) return std::nullopt;
  EC_ASSIGN_OR_RETURN(auto bytes, get_range(key, 0, info->size_bytes));
  if (!bytes) return std::nullopt;
  return Object{.info = std::move(*info), .bytes = std::move(*bytes)};
}

Result<PutResult> ArrowStore::put(std::string_view key, std::string_view bytes, Existing existing) {
  if (existing == Existing::kRefuse) {
    EC_ASSIGN_OR_RETURN(const auto there, head(key));
    if (there) return PutResult{};
  }
  EC_ASSIGN_OR_RETURN(const auto output, open_output(key, Existing::kReplace));
  auto status = output->Write(bytes.data(), static_cast<std::int64_t>(bytes.size()));
  if (status.ok()) status = output->Close();
  if (!status.ok()) return std::unexpected(from_arrow(status));
  EC_ASSIGN_OR_RETURN(const auto info, head(key));
  return PutResult{.stored = true, .etag = info ? info->etag : ""};
}

Result<PutResult> ArrowStore::put_if_absent(std::string_view key, std::string_view) {
  return fail(ErrorKind::kUnsupported,
              "writing {}: there are no conditional writes there; keep catalogs and locks in "
              "a local folder or on S3",
              uri(key));
}

Result<PutResult> ArrowStore::put_if_match(std::string_view key, std::string_view bytes, std::string_view) {
  return put_if_absent(key, bytes);
}

Status ArrowStore::list(std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit) {
  const std::size_t slash = prefix.rfind('/');
  const std::string_view folder = slash == prefix.npos ? "" : prefix.substr(0, slash);
  if (leaves_root(folder)) return {};
  arrow::fs::FileSelector selector;
  selector.base_dir = folder.empty()  ? root_
                      : root_.empty() ? std::string(folder)
                                      : fmt::format("{}/{}", root_, folder);
  selector.allow_not_found = true;
  selector.recursive = true;
  const auto files = fs_->GetFileInfo(selector);
  if (!files.ok()) return arrow_error(files.status(), "listing", uri(prefix));
  std::vector<ObjectInfo> infos;
  for (const arrow::fs::FileInfo& file : *files) {
    std::string_view key = file.path();
    if (!root_.empty() && key.starts_with(root_)) key.remove_prefix(root_.size() + 1);
    if (file.type() == arrow::fs::FileType::File && key.starts_with(prefix)) infos.push_back(info_from(key, file));
  }
  std::sort(infos.begin(), infos.end(), [](const ObjectInfo& a, const ObjectInfo& b) { return a.key < b.key; });
  for (const ObjectInfo& info : infos) EC_TRY(visit(info));
  return {};
}

Status ArrowStore::remove(std::span<const std::string> keys) {
  for (const std::string& key : keys) {
    EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
    const Waiting waiting;
    const auto status = fs_->DeleteFile(path);
    if (status.ok()) continue;
    EC_ASSIGN_OR_RETURN(const auto still_there, head(key));
    if (still_there) return arrow_error(status, "removing", uri(key));
  }
  return {};
}

Result<bool> ArrowStore::remove_if_match(std::string_view key, std::string_view) {
  return fail(ErrorKind::kUnsupported, "removing {}: there are no conditions there", uri(key));
}

Result<bool> ArrowStore::copy(std::string_view from, std::string_view to, Existing existing) {
  EC_ASSIGN_OR_RETURN(const std::string source, path_of(from));
  EC_ASSIGN_OR_RETURN(const std::string target, path_of(to));
  EC_TRY(check_free(to, existing));
  if (fs_->CopyFile(source, target).ok()) return true;
  return copy_through(*this, from, *this, to, Existing::kReplace);
}

Result<std::shared_ptr<arrow::io::OutputStream>> ArrowStore::open_output(std::string_view key, Existing existing) {
  EC_ASSIGN_OR_RETURN(const std::string path, path_of(key));
  EC_TRY(check_free(key, existing));
  auto stream = fs_->OpenOutputStream(path);
  if (!stream.ok()) {  // a file system with true folders wants the folder first
    (void)fs_->CreateDir(path.substr(0, path.rfind('/')), true);
    stream = fs_->OpenOutputStream(path);
  }
  if (!stream.ok()) return arrow_error(stream.status(), "writing", uri(key));
  return std::make_shared<Output>(fs_, *stream, path, uri(key));
}

Result<std::shared_ptr<ObjectStore>> open_arrow_store(const std::string& root_uri) {
  std::string root;
  auto fs = arrow::fs::FileSystemFromUri(root_uri, &root);
  if (!fs.ok()) return arrow_error(fs.status(), "opening", root_uri);
  return std::make_shared<ArrowStore>(root_uri, *fs, root);
}

}  // namespace earthcatalog::storage
