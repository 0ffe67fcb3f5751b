#include "earthcatalog/pipeline/problems.h"

#include <arrow/io/interfaces.h>
#include <arrow/status.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

namespace earthcatalog::pipeline {
namespace {

constexpr std::size_t kCopyBytes = 1 << 20;

// A new, private, empty file in the folder for temporary files.
std::string make_temporary_file() {
  std::error_code ignored;
  auto folder = std::filesystem::temp_directory_path(ignored);
  std::string name = (ignored ? std::filesystem::path("/tmp") : folder) / "earthcatalog-problems-XXXXXX";
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

Problems::Problems(storage::Stores& stores, std::string uri) : stores_(stores), uri_(std::move(uri)) {}

Problems::~Problems() {
  if (!path_.empty()) std::filesystem::remove(path_);
}

void Problems::add(const storage::ObjectRef& object, const ProblemLine& line) {
  nlohmann::ordered_json json;
  json["bucket"] = object.bucket;
  json["key"] = object.key;
  json["kind"] = line.kind;
  if (!line.cause.empty()) json["cause"] = line.cause;
  json["reason"] = line.reason;
  json["offset"] = line.offset >= 0 ? nlohmann::ordered_json(line.offset) : nlohmann::ordered_json();
  // Reasons may quote bytes of a broken object; keys need not be UTF-8.
  const std::string text = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
  const std::lock_guard lock(mutex_);
  if (path_.empty() && !failed_) {
    path_ = make_temporary_file();
    file_.open(path_, std::ios::binary | std::ios::trunc);
  }
  file_ << text;
  failed_ = failed_ || !file_.good();
}

Result<std::string> Problems::finish() {
  const std::lock_guard lock(mutex_);
  if (path_.empty() && !failed_) return std::string();
  file_.close();
  if (failed_ || file_.fail()) {
    return fail(ErrorKind::kIOError, "writing the problems file: {} is not writable or full",
                path_.empty() ? "the folder for temporary files" : path_);
  }
  EC_ASSIGN_OR_RETURN(const auto to, stores_.locate(uri_));
  EC_TRY(copy_file(path_, to));
  return to.uri();
}

}  // namespace earthcatalog::pipeline
