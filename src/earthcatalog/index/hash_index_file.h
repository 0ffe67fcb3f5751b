// The hash index as a file: Parquet with the one column `id_hash`, fixed_size_binary[16], ascending, distinct, zstd, as
// the Python system of the same name reads and writes it. Docs: docs/format/indexes.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "earthcatalog/base/hash.h"
#include "earthcatalog/extsort/anti_join.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/replacing_output.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::index {

/// Memory is a few pages. Not thread-safe. Errors name the file and what to do.
class HashIndexReader : public extsort::HashStream {
 public:
  /// kNotFound when it is missing; kInvalidData when it is no Parquet file, or has no column `id_hash` of 16 bytes.
  static Result<std::unique_ptr<HashIndexReader>> open(const storage::Location& where);

  /// kInvalidData when hashes descend or are null. Equal ones are handed on, and counted.
  Result<std::span<const Hash128>> next() override = 0;
  virtual std::int64_t rows() const = 0;
  /// Rows so far that repeat the one before them: other writers' files may have such.
  virtual std::int64_t doubled() const = 0;
  /// The table's snapshot that it describes, when its writer has said so.
  virtual std::optional<std::int64_t> snapshot_id() const = 0;
};

/// Memory is one row group (16 MiB), and what `replace` says.
class HashIndexWriter {
 public:
  static Result<std::unique_ptr<HashIndexWriter>> create(const storage::Location& where,
                                                         storage::ReplacingOptions replace,
                                                         std::optional<std::int64_t> snapshot_id);
  virtual ~HashIndexWriter() = default;
  /// Ascending, each once.
  virtual Status append(const Hash128& hash) = 0;
  /// The file appears. kConflict when another writer was first.
  virtual Status finish() = 0;
};

}  // namespace earthcatalog::index
