#include "earthcatalog/index/table_rows.h"

#include <arrow/api.h>

#include <map>
#include <utility>
#include <vector>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::index {
namespace {

// Bytes of files that are read side by side.
constexpr std::int64_t kReadAheadBytes = 32 << 20;

std::string_view text_at(const arrow::Array& array, std::int64_t row) {
  return array.IsNull(row) ? std::string_view() : static_cast<const arrow::StringArray&>(array).GetView(row);
}

struct TypedColumn {
  std::string name;
  iceberg::TypeId type;
};

// Calls `visit` for these columns of each row group of `file`, in which they have these types.
Status for_each_batch(geoparquet::FileReader& file, const iceberg::Schema& schema,
                      const std::vector<TypedColumn>& typed,
                      const std::function<Status(const arrow::RecordBatch&)>& visit) {
  iceberg::Schema wanted;
  for (const auto& [name, type] : typed) {
    const auto* field = schema.find(name);
    if (field == nullptr || field->type.id != type) {
      return fail(ErrorKind::kInvalidData, "{} has no column \"{}\", or one that is not of items", file.name(), name);
    }
    wanted.fields.push_back(*field);
  }
  for (int group = 0; group < file.row_groups(); ++group) {
    EC_ASSIGN_OR_RETURN(const auto rows, file.read_rows(group, wanted));
    EC_TRY(visit(*rows));
  }
  return {};
}

Result<std::map<std::string, iceberg::DataFile>> files_of(const iceberg::Table& table,
                                                          std::optional<std::int64_t> snapshot) {
  std::map<std::string, iceberg::DataFile> files;
  if (!snapshot) return files;
  iceberg::ListFilesOptions options;
  options.statistics = false;
  options.snapshot_id = snapshot;
  EC_TRY(table.list_files(options, [&](iceberg::DataFile&& file) -> Status {
    auto key = storage::place_key(file.file_path);
    files.emplace(std::move(key), std::move(file));
    return {};
  }));
  return files;
}

Status side_by_side(const iceberg::Table& table, const std::vector<std::pair<const iceberg::DataFile*, bool>>& files,
                    const std::function<Status(const iceberg::DataFile&, bool came)>& visit) {
  return parallel_for(
      files.size(), table.stores().parallel(1, kReadAheadBytes),
      [&](std::size_t i) { return visit(*files[i].first, files[i].second); },
      [&](std::size_t i) { return files[i].first->file_size_in_bytes; });
}

}  // namespace

Status for_each_row(geoparquet::FileReader& file, const iceberg::Schema& schema, const VisitRow& visit) {
  const std::vector<TypedColumn> columns{{"id", iceberg::TypeId::kString},
                                         {"collection", iceberg::TypeId::kString},
                                         {"updated", iceberg::TypeId::kTimestampTz}};
  return for_each_batch(file, schema, columns, [&](const arrow::RecordBatch& rows) -> Status {
    const auto &ids = *rows.column(0), &collections = *rows.column(1);
    const auto& updated = static_cast<const arrow::TimestampArray&>(*rows.column(2));
    for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
      const auto identity = identity_hash(text_at(collections, row), text_at(ids, row));
      EC_TRY(visit(identity, updated.IsNull(row) ? std::nullopt : std::optional(updated.Value(row))));
    }
    return {};
  });
}

Status for_each_row(storage::Stores& stores, const iceberg::Schema& schema, const iceberg::DataFile& file,
                    const VisitRow& visit) {
  EC_ASSIGN_OR_RETURN(const auto reader, geoparquet::FileReader::open(stores, file));
  return for_each_row(*reader, schema, visit);
}

Status for_each_id(storage::Stores& stores, const iceberg::Schema& schema, const iceberg::DataFile& file,
                   const std::function<Status(std::string_view)>& visit) {
  EC_ASSIGN_OR_RETURN(const auto reader, geoparquet::FileReader::open(stores, file));
  return for_each_batch(*reader, schema, {{"id", iceberg::TypeId::kString}},
                        [&](const arrow::RecordBatch& rows) -> Status {
                          const auto& ids = static_cast<const arrow::StringArray&>(*rows.column(0));
                          for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
                            if (!ids.IsNull(row)) EC_TRY(visit(ids.GetView(row)));
                          }
                          return {};
                        });
}

Status for_each_changed_file(const iceberg::Table& table, std::optional<std::int64_t> before_id,
                             std::optional<std::int64_t> now_id,
                             const std::function<Status(const iceberg::DataFile&, bool came)>& visit) {
  EC_ASSIGN_OR_RETURN(const auto before, files_of(table, before_id));
  EC_ASSIGN_OR_RETURN(const auto now, files_of(table, now_id));
  std::vector<std::pair<const iceberg::DataFile*, bool>> changed;
  // A file of which other rows are deleted now goes with the rows that it had, and comes with those that it has.
  const auto stays = [](const auto& files, const std::string& path, const iceberg::DataFile& file) {
    const auto same = files.find(path);
    return same != files.end() && same->second.deletes == file.deletes;
  };
  for (const auto& [path, file] : before) {
    if (!stays(now, path, file)) changed.emplace_back(&file, false);
  }
  for (const auto& [path, file] : now) {
    if (!stays(before, path, file)) changed.emplace_back(&file, true);
  }
  return side_by_side(table, changed, visit);
}

Status for_each_kept_file(const iceberg::Table& table, std::optional<std::int64_t> before_id,
                          std::optional<std::int64_t> now_id,
                          const std::function<Status(const iceberg::DataFile&)>& visit) {
  EC_ASSIGN_OR_RETURN(const auto before, files_of(table, before_id));
  EC_ASSIGN_OR_RETURN(const auto now, files_of(table, now_id));
  std::vector<std::pair<const iceberg::DataFile*, bool>> kept;
  for (const auto& [path, file] : now) {
    if (before.contains(path)) kept.emplace_back(&file, true);
  }
  return side_by_side(table, kept, [&](const iceberg::DataFile& file, bool) { return visit(file); });
}

}  // namespace earthcatalog::index
