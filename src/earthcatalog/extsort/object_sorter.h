// Sorts any number of objects by (bucket, key) in bounded memory: what does not fit goes to a file as sorted runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/extsort/scratch_file.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/object_ref.h"

namespace earthcatalog::extsort {

/// An object as a run has it; views are valid until the run goes on.
struct SortedObject {
  std::string_view name;  ///< bucket, a zero byte, key: bytewise order is that of (bucket, key)
  std::string_view etag;
  std::optional<TimeMicros> last_modified;
  std::optional<std::int64_t> size_bytes;

  std::string_view bucket() const { return name.substr(0, name.find('\0')); }
  std::string_view key() const { return name.substr(name.find('\0') + 1); }
};

/// Objects in one piece of memory, which fills from both ends: the objects from the front, and from the back what sorts
/// them.
class ObjectBlock {
 public:
  explicit ObjectBlock(std::size_t bytes);

  /// False when there is no room left. An empty block makes room for any object.
  bool add(const storage::ObjectRef& object);
  void sort();
  void clear();
  std::size_t size() const { return count_; }
  SortedObject operator[](std::size_t index) const { return object_at(entries()[index]); }
  /// Has the object fetched into the processor's cache: sorted ones lie anywhere in memory.
  void expect(std::size_t index) const;

 private:
  struct Entry {
    std::uint64_t window;  // eight bytes of the name, as a number that sorts like them
    std::uint64_t offset;  // of the object in the block
  };

  std::span<Entry> entries() const;
  std::string_view name_at(const Entry& entry) const;
  SortedObject object_at(const Entry& entry) const;
  void sort_from(std::span<Entry> entries, std::size_t depth) const;

  std::size_t capacity_ = 0;  // bytes; a multiple of sizeof(Entry)
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t used_ = 0;    // bytes from the front
  std::size_t count_ = 0;   // entries from the back
  std::size_t common_ = 0;  // bytes that all names begin with
  bool in_order_ = true;    // names came ascending, as inventories and listings often have them
};

/// A sorted sequence of objects. Not thread-safe.
class ObjectRun {
 public:
  virtual ~ObjectRun() = default;
  /// False at the end.
  virtual Result<bool> next(SortedObject& object) = 0;
};

/// A run for merge_sorted.
struct RunCursor {
  std::size_t source;  ///< which of the caller's sequences it is a part of
  std::unique_ptr<ObjectRun> run;
  SortedObject object = {};
  bool filled = false;

  Result<bool> fill();
  void advance() { filled = false; }
  static bool before(const RunCursor& a, const RunCursor& b) { return a.object.name < b.object.name; }
};

struct ObjectSorterOptions {
  std::string scratch_folder = "/var/tmp";
  std::int64_t memory_bytes = 384ll << 20;  ///< for objects; besides, 256 KiB for each of their runs
};

/// Not thread-safe.
class ObjectSorter {
 public:
  explicit ObjectSorter(ObjectSorterOptions options);
  Status add(const storage::ObjectRef& object);
  /// Returns what was added as runs to be merged (sorted_merge.h), each sorted by name; equal names may follow each
  /// other. They need the sorter. Nothing may be added any more.
  Result<std::vector<std::unique_ptr<ObjectRun>>> finish();
  /// finish(), as cursors of `source` behind those that `cursors` has.
  Status finish(std::size_t source, std::vector<RunCursor>& cursors);

 private:
  struct Extent {
    std::int64_t begin = 0, end = 0;  // in the file
  };

  Status spill();

  ObjectSorterOptions options_;
  ObjectBlock block_;
  std::optional<ScratchFile> file_;
  std::vector<Extent> extents_;
};

}  // namespace earthcatalog::extsort
