// One row of an inventory as its file spells it, before any rule is applied. Internal to the module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/time.h"
#include "earthcatalog/result.h"

namespace earthcatalog::inventory {

/// Views are valid until the reader's next call. Numbers and times come parsed, or as text for whoever needs them:
/// most rows of a large inventory are passed over before anyone asks.
struct Row {
  std::string_view bucket, key, etag;
  std::string_view size_text, date_text;
  std::optional<std::int64_t> size_bytes;
  std::optional<TimeMicros> last_modified;
  bool url_encoded = false;  ///< the key
  bool noncurrent = false;   ///< not the latest version, or a delete marker
  bool not_pending = false;  ///< a problems file's row that names no pending object
  std::string_view problem;  ///< of a problems file: the line's kind
};

/// A stream of rows. Not thread-safe.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// Reads the next row; false at the end. Errors name the file and the place in it.
  virtual Result<bool> next(Row& row) = 0;
  /// "s3://b/inventory.csv: row 12 (byte 345)": the row that next() gave last.
  virtual std::string position() const = 0;
  /// Returns how much of the whole has been read, 0 to 1; nothing when the whole is not known.
  virtual std::optional<double> share_read() const { return std::nullopt; }
};

}  // namespace earthcatalog::inventory
