// One run of the object index as a Parquet file (columns: docs/format/indexes.md).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/index/object_index.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::index {

/// An entry as it lies in a run.
struct RunEntry {
  ObjectEntry entry;
  bool forgotten = false;  ///< older runs' entries of the object count no more
};

/// Writes a run. Memory is one row group.
class RunWriter {
 public:
  static Result<std::unique_ptr<RunWriter>> create(const storage::Location& where, std::int64_t row_group_rows,
                                                   storage::Existing existing);
  virtual ~RunWriter() = default;
  /// By ascending object hash, each once.
  virtual Status append(const RunEntry& entry) = 0;
  /// The file appears.
  virtual Result<RunInfo> finish() = 0;
};

/// The part of an entry that a lookup needs.
struct RunKey {
  Hash128 object, identity;
  std::string_view etag;  ///< valid during the call
  std::optional<TimeMicros> last_modified;
  std::optional<std::int64_t> size_bytes;
  bool owns_rows = false, forgotten = false;
};

/// Of runs that are open at the same time: no more bytes of all of them are kept.
inline constexpr std::int64_t kKeptRunBytes = 16 << 20;

/// Reads a run. Thread-safe.
class RunReader {
 public:
  enum class Reading : std::uint8_t {
    kByRowGroup,  ///< memory is one row group
    kWhole,       ///< of a far store by one request, and kept: for small runs
  };
  /// kNotFound when it is missing; kInvalidData when it is no run.
  static Result<std::unique_ptr<RunReader>> open(const storage::Location& where, std::int64_t size_bytes,
                                                 Reading reading = Reading::kByRowGroup);
  virtual ~RunReader() = default;

  virtual int row_groups() const = 0;
  virtual std::int64_t rows() const = 0;
  /// Returns true when each reading waits for an answer over the network.
  virtual bool is_far() const = 0;
  virtual Result<std::vector<RunEntry>> read_row_group(int row_group) const = 0;
  /// All entries' keys in order, from the few columns that hold them.
  virtual Status scan_keys(const std::function<Status(const RunKey&)>& visit) const = 0;
  /// The entries at `rows`, which ascend.
  virtual Status read_rows(const std::vector<std::int64_t>& rows,
                           const std::function<void(ObjectEntry&&)>& visit) const = 0;
};

}  // namespace earthcatalog::index
