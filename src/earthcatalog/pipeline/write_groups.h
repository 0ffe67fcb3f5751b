// The groups of a row cutter as data files.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/pipeline/bucket.h"
#include "earthcatalog/pipeline/part_names.h"
#include "earthcatalog/pipeline/row_cutter.h"
#include "earthcatalog/pipeline/table_writer.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::pipeline {

struct WriteGroupsOptions {
  std::int64_t most_rows = 100'000;  ///< of a file
  std::size_t workers = 1;
};

/// Writes each group as one file, or as several of `most_rows` and a rest; `bucket_of` says where a group belongs. No
/// commit names the files yet. After an error they are removed again as far as that works.
Result<std::vector<iceberg::DataFile>> write_groups(storage::Stores& stores, const RowCutter& cutter,
                                                    const TableWriter& writer, PartNames& names,
                                                    const std::function<Bucket(const GroupKey&)>& bucket_of,
                                                    const WriteGroupsOptions& options);

}  // namespace earthcatalog::pipeline
