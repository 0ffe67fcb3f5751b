#include "earthcatalog/ingest/line_file.h"

#include <arrow/io/interfaces.h>
#include <arrow/status.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

namespace earthcatalog::ingest {
namespace {

constexpr std::size_t kCopyBytes = 1 << 20;

// A new, private, empty file in the folder for temporary files.
std::string make_temporary_file() {
  std::error_code ignored;
  auto folder = std::filesystem::temp_directory_path(ignored);
  std::string name = (ignored ? std::filesystem::path("/tmp") : folder) / "earthcatalog-lines-XXXXXX";
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) return {};
  close(descriptor);
  return name;
}

Status copy_file(const std::string& path, const storage::Location& to) {
  std::ifstream in(path, std::ios::binary);
  EC_ASSIGN_OR_RETURN(auto out, to.store->open_output(to.key));
  std::vector<char> buffer(kCopyBytes);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    if (const auto status = out->Write(buffer.data(), in.gcount()); !status.ok()) {
      return fail(ErrorKind::kIOError, "writing {}: {}", to.uri(), status.ToString());
    }
  }
  if (const auto status = out->Close(); !status.ok()) {
    return fail(ErrorKind::kIOError, "writing {}: {}", to.uri(), status.ToString());
  }
  return {};
}

}  // namespace

LineFile::LineFile(storage::Stores& stores, std::string uri, std::string what)
    : stores_(stores), uri_(std::move(uri)), what_(std::move(what)) {}

LineFile::~LineFile() {
  if (!path_.empty()) std::filesystem::remove(path_);
}

void LineFile::add(std::string_view line) {
  if (uri_.empty()) return;
  const MutexLock lock(mutex_);
  if (path_.empty() && !failed_) {
    path_ = make_temporary_file();
    file_.open(path_, std::ios::binary | std::ios::trunc);
  }
  file_ << line << '\n';
  failed_ = failed_ || !file_.good();
}

Result<std::string> LineFile::finish() {
  const MutexLock lock(mutex_);
  if (path_.empty() && !failed_) return std::string();
  file_.close();
  if (failed_ || file_.fail()) {
    return fail(ErrorKind::kIOError, "writing {}: {} is not writable or full", what_,
                path_.empty() ? "the folder for temporary files" : path_);
  }
  EC_ASSIGN_OR_RETURN(const auto to, stores_.locate(uri_));
  EC_TRY(copy_file(path_, to));
  return to.uri();
}

}  // namespace earthcatalog::ingest
