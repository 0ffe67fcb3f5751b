#include "earthcatalog/extsort/object_sorter.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace earthcatalog::extsort {
namespace {

constexpr std::int64_t kAbsent = INT64_MIN;
constexpr std::size_t kWindow = sizeof(std::uint64_t);
constexpr std::size_t kExpected = 8;  // so many objects ahead
constexpr std::size_t kReadBytes = 256 << 10, kWriteBytes = 1 << 20;

// In front of name and etag, in a block.
struct BlockHeader {
  std::uint32_t name = 0, etag = 0;  // bytes
  std::int64_t last_modified = kAbsent, size_bytes = kAbsent;
};

// In a run's file; `shared` bytes of the name are those of the object before, `name` bytes and `etag` bytes follow.
struct RunHeader {
  std::uint32_t shared = 0, name = 0, etag = 0, unused = 0;
  std::int64_t last_modified = kAbsent, size_bytes = kAbsent;
};

std::optional<std::int64_t> present(std::int64_t value) {
  return value == kAbsent ? std::nullopt : std::optional(value);
}

// Eight bytes of `name` from `depth` on, zeros behind its end.
std::uint64_t window_of(std::string_view name, std::size_t depth) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t window = 0;
  if (depth + kWindow <= name.size()) {
    std::memcpy(&window, name.data() + depth, kWindow);
  } else if (depth < name.size()) {
    std::memcpy(&window, name.data() + depth, name.size() - depth);
  }
  return __builtin_bswap64(window);
}

// Returns how many bytes both begin with, eight at a time.
std::size_t shared_bytes(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t shared = 0;
  for (; shared + kWindow <= most; shared += kWindow) {
    const std::uint64_t different = window_of(a, shared) ^ window_of(b, shared);
    if (different != 0) return shared + static_cast<std::size_t>(std::countl_zero(different)) / 8;
  }
  while (shared < most && a[shared] == b[shared]) ++shared;
  return shared;
}

class BlockRun final : public ObjectRun {
 public:
  explicit BlockRun(const ObjectBlock& block) : block_(block) {}
  Result<bool> next(SortedObject& object) override {
    if (at_ == block_.size()) return false;
    block_.expect(at_ + kExpected);
    object = block_[at_++];
    return true;
  }

 private:
  const ObjectBlock& block_;
  std::size_t at_ = 0;
};

class FileRun final : public ObjectRun {
 public:
  FileRun(const ScratchFile& file, std::int64_t begin, std::int64_t end)
      : file_(file), at_(begin), end_(end), buffer_(std::min(kReadBytes, static_cast<std::size_t>(end - begin))) {}

  Result<bool> next(SortedObject& object) override {
    if (at_ == end_ && begin_ == filled_) return false;
    RunHeader header;
    EC_TRY(ensure(sizeof header));
    std::memcpy(&header, buffer_.data() + begin_, sizeof header);
    EC_TRY(ensure(sizeof header + header.name + header.etag));
    const char* const text = buffer_.data() + begin_ + sizeof header;
    begin_ += sizeof header + header.name + header.etag;
    name_.resize(header.shared);
    name_.append(text, header.name);
    object = {.name = name_,
              .etag = {text + header.name, header.etag},
              .last_modified = present(header.last_modified),
              .size_bytes = present(header.size_bytes)};
    return true;
  }

 private:
  // So many bytes stand in the buffer from begin_ on.
  Status ensure(std::size_t bytes) {
    if (filled_ - begin_ >= bytes) return {};
    std::memmove(buffer_.data(), buffer_.data() + begin_, filled_ - begin_);
    filled_ -= std::exchange(begin_, 0);
    if (buffer_.size() < bytes) buffer_.resize(bytes);
    const auto read = std::min(buffer_.size() - filled_, static_cast<std::size_t>(end_ - at_));
    EC_TRY(file_.read(at_, std::as_writable_bytes(std::span(buffer_).subspan(filled_, read))));
    at_ += static_cast<std::int64_t>(read);
    filled_ += read;
    return {};
  }

  const ScratchFile& file_;
  std::int64_t at_, end_;  // what is left in the file
  std::vector<char> buffer_;
  std::size_t begin_ = 0, filled_ = 0;  // what is left in the buffer
  std::string name_;
};

}  // namespace

// Not touched before it is used, so that a small inventory takes little memory whatever the limit.
ObjectBlock::ObjectBlock(std::size_t bytes)
    : capacity_(bytes / sizeof(Entry) * sizeof(Entry)),
      bytes_(std::make_unique_for_overwrite<std::byte[]>(capacity_)) {}

std::span<ObjectBlock::Entry> ObjectBlock::entries() const {
  return {reinterpret_cast<Entry*>(bytes_.get() + capacity_) - count_, count_};
}

bool ObjectBlock::add(const storage::ObjectRef& object) {
  const BlockHeader header{.name = static_cast<std::uint32_t>(object.bucket.size() + 1 + object.key.size()),
                           .etag = static_cast<std::uint32_t>(object.etag.size()),
                           .last_modified = object.last_modified.value_or(kAbsent),
                           .size_bytes = object.size_bytes.value_or(kAbsent)};
  const std::size_t needed = sizeof header + header.name + header.etag;
  if (used_ + needed + (count_ + 1) * sizeof(Entry) > capacity_) {
    if (count_ > 0) return false;
    *this = ObjectBlock(needed + 2 * sizeof(Entry));
  }
  std::byte* to = bytes_.get() + used_;
  const auto put = [&](const void* from, std::size_t size) {
    to = static_cast<std::byte*>(std::memcpy(to, from, size)) + size;
  };
  put(&header, sizeof header);
  put(object.bucket.data(), object.bucket.size());
  put("", 1);
  put(object.key.data(), object.key.size());
  put(object.etag.data(), object.etag.size());
  ++count_;
  const auto all = entries();
  all[0] = {.window = 0, .offset = used_};
  const auto name = name_at(all[0]), before = count_ == 1 ? name : name_at(all[1]);
  in_order_ = in_order_ && (count_ == 1 || before < name);
  const std::size_t shared = shared_bytes(before, name);
  common_ = count_ == 1 ? shared : std::min(common_, shared);
  used_ += needed;
  return true;
}

void ObjectBlock::clear() {
  used_ = count_ = 0;
  in_order_ = true;
}

void ObjectBlock::expect(std::size_t index) const {
  constexpr std::size_t kLine = 64, kLines = 3;
  if (index >= count_) return;
  const std::byte* const object = bytes_.get() + entries()[index].offset;
  for (std::size_t line = 0; line < kLines; ++line) __builtin_prefetch(object + line * kLine);
}

std::string_view ObjectBlock::name_at(const Entry& entry) const {
  BlockHeader header;
  std::memcpy(&header, bytes_.get() + entry.offset, sizeof header);
  return {reinterpret_cast<const char*>(bytes_.get() + entry.offset + sizeof header), header.name};
}

SortedObject ObjectBlock::object_at(const Entry& entry) const {
  BlockHeader header;
  std::memcpy(&header, bytes_.get() + entry.offset, sizeof header);
  const auto* const text = reinterpret_cast<const char*>(bytes_.get() + entry.offset + sizeof header);
  return {.name = {text, header.name},
          .etag = {text + header.name, header.etag},
          .last_modified = present(header.last_modified),
          .size_bytes = present(header.size_bytes)};
}

void ObjectBlock::sort() {
  if (in_order_) {
    std::ranges::reverse(entries());
  } else {
    sort_from(entries(), common_);
  }
}

// Eight bytes of the names at a time, kept beside the offsets: names lie anywhere in memory and are alike for long
// (R. Sinha, J. Zobel, "Cache-conscious sorting of large sets of strings", 2004). `depth`: where names begin to differ.
void ObjectBlock::sort_from(std::span<Entry> entries, std::size_t depth) const {
  constexpr std::size_t kFew = 16;
  bool same = true;
  for (; same && entries.size() > kFew; depth += kWindow) {
    bool ended = false;
    for (Entry& entry : entries) {
      const auto name = name_at(entry);
      entry.window = window_of(name, depth);
      same = same && entry.window == entries.front().window;
      ended = ended || name.size() < depth + kWindow;
    }
    if (same && ended) break;  // the same name, or zeros at its end, which windows do not tell apart
  }
  if (same) {
    std::ranges::sort(entries, [&](const Entry& a, const Entry& b) { return name_at(a) < name_at(b); });
    return;
  }
  std::ranges::sort(entries, {}, &Entry::window);
  for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
    while (end < entries.size() && entries[end].window == entries[begin].window) ++end;
    if (end - begin > 1) sort_from(entries.subspan(begin, end - begin), depth);
  }
}

Result<bool> RunCursor::fill() {
  if (!filled) {
    EC_ASSIGN_OR_RETURN(filled, run->next(object));
  }
  return filled;
}

ObjectSorter::ObjectSorter(ObjectSorterOptions options)
    : options_(std::move(options)), block_(static_cast<std::size_t>(options_.memory_bytes)) {}

Status ObjectSorter::add(const storage::ObjectRef& object) {
  if (object.bucket.find('\0') != std::string::npos) {
    return fail(ErrorKind::kInvalidData, "the bucket of the key '{}' has a zero byte in its name", object.key);
  }
  if (block_.add(object)) return {};
  EC_TRY(spill());
  block_.add(object);
  return {};
}

Status ObjectSorter::spill() {
  if (!file_) {
    EC_ASSIGN_OR_RETURN(file_, ScratchFile::create(options_.scratch_folder));
  }
  block_.sort();
  Extent extent{.begin = file_->size()};
  std::string buffer;
  std::string_view before;
  for (std::size_t i = 0; i < block_.size(); ++i) {
    block_.expect(i + kExpected);
    const SortedObject object = block_[i];
    const std::size_t shared = shared_bytes(before, object.name);
    const RunHeader header{.shared = static_cast<std::uint32_t>(shared),
                           .name = static_cast<std::uint32_t>(object.name.size() - shared),
                           .etag = static_cast<std::uint32_t>(object.etag.size()),
                           .last_modified = object.last_modified.value_or(kAbsent),
                           .size_bytes = object.size_bytes.value_or(kAbsent)};
    buffer.append(reinterpret_cast<const char*>(&header), sizeof header);
    buffer.append(object.name.substr(shared)).append(object.etag);
    before = object.name;
    if (buffer.size() < kWriteBytes) continue;
    EC_TRY(file_->append(std::as_bytes(std::span(buffer))));
    buffer.clear();
  }
  EC_TRY(file_->append(std::as_bytes(std::span(buffer))));
  extent.end = file_->size();
  extents_.push_back(extent);
  block_.clear();
  return {};
}

Result<std::vector<std::unique_ptr<ObjectRun>>> ObjectSorter::finish() {
  std::vector<std::unique_ptr<ObjectRun>> runs;
  for (const Extent& extent : extents_) runs.push_back(std::make_unique<FileRun>(*file_, extent.begin, extent.end));
  block_.sort();
  runs.push_back(std::make_unique<BlockRun>(block_));
  return runs;
}

Status ObjectSorter::finish(std::size_t source, std::vector<RunCursor>& cursors) {
  EC_ASSIGN_OR_RETURN(auto runs, finish());
  for (auto& run : runs) cursors.push_back({.source = source, .run = std::move(run)});
  return {};
}

}  // namespace earthcatalog::extsort
