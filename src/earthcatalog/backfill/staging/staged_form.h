// How rows lie between phases 2 and 3: as lines of NDJSON in the staging prefix, or as data files in the warehouse (the
// direct shape).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "earthcatalog/backfill/staging/attempt.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"
#include "earthcatalog/write/partition.h"

namespace arrow {
class Buffer;
}
namespace earthcatalog::stac {
struct ItemSchema;
}
namespace earthcatalog::write {
class RowSource;
}

namespace earthcatalog::backfill {

class ChunkStager;
class Staging;
struct StagedGroup;
struct StagedGroupFile;
struct StagerContext;

/// A row of a data file has about a tenth of the bytes of its NDJSON.
inline constexpr std::int64_t kNdjsonOfParquet = 10;

/// Whole files that were read ahead, by URI.
using FileContents = std::unordered_map<std::string, std::shared_ptr<arrow::Buffer>>;

/// Immutable.
class StagedForm {
 public:
  /// `root`: the staging prefix; `parts`: where data files go; empty: NDJSON is staged.
  static std::shared_ptr<const StagedForm> make(const std::string& root, const std::string& parts);
  virtual ~StagedForm() = default;

  // Names, as Staging has them.
  virtual std::string done(const Attempt& attempt) const = 0;
  virtual std::string objects(const Spill& spill) const = 0;
  virtual std::string problems(const Attempt& attempt) const = 0;
  virtual std::string rows(const write::Partition& partition, const Attempt& attempt, FileNumber number) const = 0;

  /// All folders of a backfill, in the order in which a clean-up empties them.
  virtual std::vector<std::string> folders() const = 0;
  /// After a clean-up that left nothing: another backfill may begin.
  virtual Status release(storage::Stores& stores) const = 0;

  /// What phase 2 stages with.
  virtual std::unique_ptr<ChunkStager> stager(const StagerContext& context) const = 0;

  /// The work that a staged file is for phase 3, in bytes of NDJSON.
  virtual std::int64_t ndjson_bytes(std::int64_t file_bytes) const = 0;
  /// Whether the files of a partition, `bytes` in all, are sorted in memory; else they are merged.
  virtual bool sorts_in_memory(std::int64_t bytes, std::int64_t memory_limit_bytes) const = 0;
  /// Whether files that are merged are worth reading whole before, side by side.
  virtual bool reads_ahead() const = 0;
  /// The rows of a file that count, in the columns of `schema`. kNotFound when it is gone, kInvalidData when it is not
  /// as long as its record says.
  virtual Result<std::unique_ptr<write::RowSource>> source(const Staging& staging, const StagedGroup& group,
                                                           const StagedGroupFile& file,
                                                           std::shared_ptr<const stac::ItemSchema> schema,
                                                           const FileContents& contents) const = 0;
};

std::shared_ptr<const StagedForm> make_ndjson_form(std::string root);
std::shared_ptr<const StagedForm> make_parquet_form(std::string root, std::string parts);

}  // namespace earthcatalog::backfill
