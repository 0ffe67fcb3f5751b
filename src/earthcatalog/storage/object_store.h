// Bytes by name: one interface for memory, a local folder, an S3 bucket, and (through Arrow) gs:// and abfs://.
//
// Keys are relative to the store's root ("a/b.parquet", never a leading slash). A missing object and an unmet
// condition are results, not errors. Every error names the object as a full URI and what to do. All methods are safe
// to call from many threads. Streams and files must not outlive the store that gave them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/result.h"

namespace arrow::io {
class OutputStream;
class RandomAccessFile;
}  // namespace arrow::io

namespace earthcatalog::storage {

struct ObjectInfo {
  std::string key;
  std::int64_t size_bytes = 0;
  std::string etag;  ///< opaque, without quotes: changes whenever the content is written
  std::optional<TimeMicros> last_modified;
};

struct Object {
  ObjectInfo info;
  std::string bytes;
};

/// The outcome of a put. `stored` is false when its condition was not met: somebody else was first.
struct PutResult {
  bool stored = false;
  std::string etag;  ///< of the object just stored; empty when it was not
};

/// Tells a write what to do when its key has an object already.
enum class Existing {
  kReplace,
  /// The object stays as it is. Atomic where `Capabilities::conditional_put` says so; elsewhere the store looks before
  /// it writes, and of two writers at the same moment the second wins. A write whose reply was lost finds its own
  /// object and counts as done.
  kRefuse,
};

/// The fate of a file that a killed writer may have left.
enum class Leftover {
  kRemoved,  ///< in a dry run: would be
  kTooYoung,
  kInUse,  ///< its writer is alive
};

struct LeftoverRules {
  TimeMicros before = 0;  ///< what was modified later stays
  bool dry_run = false;
  std::function<Status(const ObjectInfo&, Leftover)> visit;  ///< told of each; an error ends the search
};

struct Capabilities {
  bool conditional_put = false;  ///< put_if_absent and put_if_match are atomic: what a catalog or a lock needs
  bool atomic_put = true;        ///< a reader sees the old or the new object, never a part
  bool far = false;              ///< each request waits for an answer over the network
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// The full URI of a key ("s3://bucket/prefix/key", "file:///folder/key", "memory://name/key").
  virtual std::string uri(std::string_view key) const = 0;
  virtual Capabilities capabilities() const = 0;

  /// The whole object, or nothing when it does not exist.
  virtual Result<std::optional<Object>> get(std::string_view key) = 0;
  /// `length` bytes from `offset` (fewer at the end of the object), or nothing when it does not exist. A negative
  /// offset counts from the end.
  virtual Result<std::optional<std::string>> get_range(std::string_view key, std::int64_t offset,
                                                       std::int64_t length) = 0;
  virtual Result<std::optional<ObjectInfo>> head(std::string_view key) = 0;

  /// `stored` is false when `existing` is kRefuse and an object has the key.
  virtual Result<PutResult> put(std::string_view key, std::string_view bytes,
                                Existing existing = Existing::kReplace) = 0;
  /// Stores only when no object has that key: for catalogs and locks. Unlike put() with kRefuse it is durable when it
  /// returns, and kUnsupported where the store cannot promise it.
  virtual Result<PutResult> put_if_absent(std::string_view key, std::string_view bytes) = 0;
  /// Stores only when the object is still the one with `etag`; `stored` is false when it is another or gone.
  virtual Result<PutResult> put_if_match(std::string_view key, std::string_view bytes, std::string_view etag) = 0;

  /// Calls `visit` for each object whose key begins with `prefix`, in bytewise key order, page by page; an error that
  /// `visit` returns ends the listing and is returned.
  virtual Status list(std::string_view prefix, const std::function<Status(const ObjectInfo&)>& visit) = 0;
  /// Removes the objects; those that do not exist are no error.
  virtual Status remove(std::span<const std::string> keys) = 0;
  /// Removes the object only while it is the one with `etag`; false when it is another by now. Of one that is gone, S3
  /// servers say either. Those that do not know If-Match on DELETE remove whatever is there. kUnsupported on gs:// and
  /// abfs://.
  virtual Result<bool> remove_if_match(std::string_view key, std::string_view etag) = 0;

  /// Copies an object to another key, whole or not at all; false when there is no object `from`. The store does it by
  /// itself where it can, without the bytes passing through this process: S3's CopyObject, a second name on a local
  /// file system. The copy counts as written now, and later writes to either key do not change the other. With kRefuse
  /// an object `to` is the error kAlreadyExists.
  virtual Result<bool> copy(std::string_view from, std::string_view to, Existing existing = Existing::kReplace) = 0;

  /// A stream that writes a new object of any size; the object appears, whole, when the stream is closed, and never
  /// when it is destroyed before. With kRefuse an object of that key is the error kAlreadyExists: of this call, or of
  /// Close() when it came meanwhile.
  virtual Result<std::shared_ptr<arrow::io::OutputStream>> open_output(std::string_view key,
                                                                       Existing existing = Existing::kReplace) = 0;
  /// Random access to an object. `size_bytes`, when known, saves a request. kNotFound when it does not exist.
  virtual Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_input(
      std::string_view key, std::optional<std::int64_t> size_bytes = {}) = 0;

  /// Removes what killed writers left below `prefix` under names that are no objects' and that no listing shows. Stores
  /// where nothing is left so have nothing to do.
  virtual Status remove_leftovers(std::string_view prefix, const LeftoverRules& rules) {
    (void)prefix, (void)rules;
    return {};
  }

  /// Makes everything that this store object wrote so far survive a power cut. One call for many files: local stores
  /// sync the file system once, object stores have nothing to do. Conditional puts need no call: they are durable when
  /// they return; what they point to must be made durable before.
  virtual Status make_durable() { return {}; }
};

}  // namespace earthcatalog::storage
