// A folder on this machine that keeps what was made of objects that never change, so that the next process need neither
// ask for them nor decode them.
//
//     const auto cache = ObjectCache::open({.folder = "/home/me/.cache/earthcatalog"});
//     if (const auto kept = cache->find("manifest", uri)) return use(kept->bytes());
//     cache->keep("manifest", uri, bytes);
//
// File format: 8 bytes "ECCACHE1", xxh3_128 of what follows, then kind, a zero byte, the URI, zero bytes up to a
// multiple of 64 from the beginning of the file, and the bytes. The checksum covers all up to the bytes, which have
// checks of their own. A file that is not so is no entry.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace earthcatalog::storage {

struct ObjectCacheOptions {
  std::string folder;                               ///< made when something is kept
  std::int64_t most_bytes = std::int64_t{1} << 30;  ///< of all files; beyond it the longest unused go
};

/// Nothing in it can fail: what cannot be read is absent, what cannot be written is not kept. Safe for many threads and
/// many processes at once.
class ObjectCache {
 public:
  /// An entry, mapped into memory; it stays when its file goes.
  class Entry {
   public:
    Entry(const void* data, std::size_t size, std::size_t skip) : data_(data), size_(size), skip_(skip) {}
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry();
    /// Begins at a multiple of 64.
    std::string_view bytes() const { return {static_cast<const char*>(data_) + skip_, size_ - skip_}; }

   private:
    const void* data_;
    std::size_t size_, skip_;
  };

  explicit ObjectCache(ObjectCacheOptions options) : options_(std::move(options)) {}

  /// Null when there is none. `kind` says what was made of the object.
  std::shared_ptr<const Entry> find(std::string_view kind, std::string_view uri) const;
  void keep(std::string_view kind, std::string_view uri, std::string_view bytes) const;
  /// Of an entry whose bytes turned out broken.
  void forget(std::string_view kind, std::string_view uri) const;

 private:
  std::string path(std::string_view kind, std::string_view uri) const;
  void make_room() const;

  const ObjectCacheOptions options_;
};

/// Whether the name of an object says that it is never written again: it has a UUID.
bool is_write_once(std::string_view uri);

}  // namespace earthcatalog::storage
