#include "earthcatalog/storage/object_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <system_error>
#include <vector>

#include "earthcatalog/base/hash.h"

namespace earthcatalog::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "ECCACHE1";
constexpr std::size_t kAlignment = 64, kHashBytes = 16;
constexpr std::chrono::hours kFresh{1};  // an entry's time of use is noted once in so long

std::string head_of(std::string_view kind, std::string_view uri) {
  std::string named(kind);
  named += '\0';
  named += uri;
  const auto size = kMagic.size() + kHashBytes + named.size();
  named.resize(named.size() + (kAlignment - size % kAlignment) % kAlignment);
  return std::string(kMagic) + std::string(hash128(named).view()) + named;
}

// Processes that keep one entry at the same time write a file each; the last to rename stays.
std::string temporary_name(const std::string& path) {
  std::random_device device;
  return fmt::format("{}.{:08x}{:08x}.tmp", path, device(), device());
}

bool write_file(const std::string& path, std::string_view head, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(head.data(), static_cast<std::streamsize>(head.size()));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  return file.good();
}

void note_use(const std::string& path, const struct stat& status) {
  const auto used = std::chrono::system_clock::from_time_t(status.st_mtime);
  if (std::chrono::system_clock::now() - used > kFresh) utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
}

}  // namespace

ObjectCache::Entry::~Entry() { munmap(const_cast<void*>(data_), size_); }

std::string ObjectCache::path(std::string_view kind, std::string_view uri) const {
  std::string name(kind);
  name += '\0';
  name += uri;
  return fmt::format("{}/{}.entry", options_.folder, to_hex(hash128(name)));
}

std::shared_ptr<const ObjectCache::Entry> ObjectCache::find(std::string_view kind, std::string_view uri) const {
  const auto name = path(kind, uri);
  const int file = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return nullptr;
  struct stat status{};
  const auto head = head_of(kind, uri);
  void* data = MAP_FAILED;
  if (fstat(file, &status) == 0 && status.st_size >= static_cast<off_t>(head.size())) {
    data = mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file, 0);
  }
  close(file);
  if (data == MAP_FAILED) return nullptr;
  auto entry = std::make_shared<const Entry>(data, static_cast<std::size_t>(status.st_size), head.size());
  if (std::string_view(static_cast<const char*>(data), head.size()) != head) return nullptr;
  note_use(name, status);
  return entry;
}

void ObjectCache::keep(std::string_view kind, std::string_view uri, std::string_view bytes) const {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  const auto name = path(kind, uri);
  const auto temporary = temporary_name(name);
  if (!write_file(temporary, head_of(kind, uri), bytes)) {
    fs::remove(temporary, error);
    return;
  }
  fs::rename(temporary, name, error);
  if (error) fs::remove(temporary, error);
  make_room();
}

void ObjectCache::forget(std::string_view kind, std::string_view uri) const {
  std::error_code error;
  fs::remove(path(kind, uri), error);
}

void ObjectCache::make_room() const {
  struct File {
    fs::path path;
    fs::file_time_type used;
    std::int64_t bytes;
  };
  std::vector<File> files;
  std::int64_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator at(options_.folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    const File file{at->path(), at->last_write_time(gone), static_cast<std::int64_t>(at->file_size(gone))};
    if (gone) continue;
    bytes += file.bytes;
    files.push_back(file);
  }
  std::ranges::sort(files, {}, &File::used);
  for (const auto& file : files) {
    if (bytes <= options_.most_bytes) break;
    if (fs::remove(file.path, error)) bytes -= file.bytes;
  }
}

bool is_write_once(std::string_view uri) {
  constexpr std::ptrdiff_t kDigits = 32;
  const auto name = uri.substr(uri.rfind('/') + 1);
  std::ptrdiff_t in_a_row = 0;  // hex digits, dashes between them left out
  for (const char c : name) {
    if (c == '-' && in_a_row > 0) continue;
    in_a_row = std::isxdigit(static_cast<unsigned char>(c)) != 0 ? in_a_row + 1 : 0;
    if (in_a_row >= kDigits) return true;
  }
  return false;
}

}  // namespace earthcatalog::storage
