// Data files that a task makes and that it takes rows from, for whoever commits them.
#pragma once

#include <string>
#include <vector>

#include "earthcatalog/backfill/staging/layout.h"
#include "earthcatalog/backfill/staging/staged_schema.h"
#include "earthcatalog/iceberg/manifest/data_file.h"
#include "earthcatalog/result.h"

namespace earthcatalog::backfill {

/// Files that come and files that go, as an Iceberg manifest.
struct FileList {
  std::vector<iceberg::DataFile> added, removed;
};

Result<std::string> write_file_list(const TableSchema& schema, const FileList& files);
/// kNotFound when there is none at `uri`.
Result<FileList> read_file_list(const Staging& staging, const std::string& uri, const TableSchema& schema);

}  // namespace earthcatalog::backfill
