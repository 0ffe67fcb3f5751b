#include "earthcatalog/storage/memory_store.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include "earthcatalog/storage/byte_range.h"
#include "earthcatalog/storage/output_stream.h"

namespace earthcatalog::storage {

std::string MemoryStore::uri(std::string_view key) const { return fmt::format("memory://{}/{}", name_, key); }

std::optional<MemoryStore::Entry> MemoryStore::find(std::string_view key) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(key);
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

Result<PutResult> MemoryStore::store(std::string_view key, std::string bytes) {
  if (key.empty()) return fail(ErrorKind::kInvalidArgument, "{}: an object needs a key", uri(key));
  const auto size = static_cast<std::int64_t>(bytes.size());
  Entry entry{.info = {.key = std::string(key),
                       .size_bytes = size,
                       .etag = fmt::format("{:x}", ++writes_),
                       .last_modified = clock_()},
              .bytes = std::make_shared<const std::string>(std::move(bytes))};
  PutResult result{.stored = true, .etag = entry.info.etag};
  entries_.insert_or_assign(std::string(key), std::move(entry));
  return result;
}

Result<std::optional<Object>> MemoryStore::get(std::string_view key) {
  const auto entry = find(key);
  if (!entry) return std::nullopt;
  return Object{.info = entry->info, .bytes = *entry->bytes};
}

Result<std::optional<std::string>> MemoryStore::get_range(std::string_view key, std::int64_t offset,
                                                          std::int64_t length) {
  const auto entry = find(key);
  if (!entry) return std::nullopt;
  const ByteRange range = clamp_range(offset, length, entry->info.size_bytes);
  return entry->bytes->substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length));
}

Result<std::optional<ObjectInfo>> MemoryStore::head(std::string_view key) {
  const auto entry = find(key);
  return entry ? std::optional(entry->info) : std::nullopt;
}

Result<PutResult> MemoryStore::put(std::string_view key, std::string_view bytes, Existing existing) {
  const MutexLock lock(mutex_);
  if (existing == Existing::kRefuse && entries_.contains(key)) return PutResult{};
  return store(key, std::string(bytes));
}

Result<PutResult> MemoryStore::put_if_absent(std::string_view key, std::string_view bytes) {
  return put(key, bytes, Existing::kRefuse);
}

Result<PutResult> MemoryStore::put_if_match(std::string_view key, std::string_view bytes, std::string_view etag) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.info.etag != etag) return PutResult{};
  return store(key, std::string(bytes));
}

Status MemoryStore::list(std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit) {
  std::vector<ObjectInfo> infos;  // `visit` may call this store
  {
    const MutexLock lock(mutex_);
    for (auto it = entries_.lower_bound(prefix); it != entries_.end() && it->first.starts_with(prefix); ++it) {
      infos.push_back(it->second.info);
    }
  }
  for (const ObjectInfo& info : infos) EC_TRY(visit(info));
  return {};
}

Status MemoryStore::remove(std::span<const std::string> keys) {
  const MutexLock lock(mutex_);
  for (const std::string& key : keys) entries_.erase(key);
  return {};
}

Result<bool> MemoryStore::remove_if_match(std::string_view key, std::string_view etag) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return true;
  if (found->second.info.etag != etag) return false;
  entries_.erase(found);
  return true;
}

Result<bool> MemoryStore::copy(std::string_view from, std::string_view to, Existing existing) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(from);
  if (found == entries_.end()) return false;
  if (existing == Existing::kRefuse && entries_.contains(to)) return already_there(uri(to));
  EC_TRY(store(to, *found->second.bytes));
  return true;
}

Result<std::shared_ptr<arrow::io::OutputStream>> MemoryStore::open_output(std::string_view key, Existing existing) {
  if (key.empty()) return fail(ErrorKind::kInvalidArgument, "{}: an object needs a key", uri(key));
  if (existing == Existing::kRefuse && find(key)) return already_there(uri(key));
  return make_gathering_output([this, key = std::string(key), existing](std::string bytes) -> Status {
    const MutexLock lock(mutex_);
    if (existing == Existing::kRefuse && entries_.contains(key)) return already_there(uri(key));
    EC_TRY(store(key, std::move(bytes)));
    return {};
  });
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> MemoryStore::open_input(std::string_view key,
                                                                             std::optional<std::int64_t>) {
  const auto entry = find(key);
  if (!entry) return fail(ErrorKind::kNotFound, "{} does not exist", uri(key));
  return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(*entry->bytes));
}

}  // namespace earthcatalog::storage
