// Commits what a JSON document on standard input describes, for tests that look at our tables with other engines:
//   iceberg_tool CATALOG WAREHOUSE < {"create": [[name, type], …], "add_columns": [[name, type], …],
//     "append": [{path, cell, year, rows, bytes, lower: {name: hex}, upper: {name: hex}}], "remove": [path, …],
//     "properties": {…}, "summary": {…}, "rows_unchanged": true}
// and prints the state after it: metadata location, schema, summary, live files.
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "iceberg/iceberg_testing.h"

namespace earthcatalog::iceberg {
namespace {

using nlohmann::json;
using testing::value_of;

const std::map<std::string, TypeId> kTypes{{"boolean", TypeId::kBoolean}, {"long", TypeId::kLong},
                                           {"double", TypeId::kDouble},   {"string", TypeId::kString},
                                           {"binary", TypeId::kBinary},   {"timestamptz", TypeId::kTimestampTz}};

// [name, type], or [name, [[name, type], …]] for a struct.
std::vector<NestedField> columns_from(const json& list) {
  std::vector<NestedField> columns;
  for (const json& entry : list) {
    NestedField column = testing::column(entry.at(0), TypeId::kStruct);
    if (entry.at(1).is_array()) {
      column.type.fields = columns_from(entry.at(1));
    } else {
      column.type.id = kTypes.at(entry.at(1));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

DataFile file_from(const json& entry, const Schema& schema) {
  DataFile file;
  file.file_path = entry.at("path");
  if (!entry.at("cell").is_null()) file.partition.cell = entry.at("cell");
  if (!entry.at("year").is_null()) file.partition.year_since_1970 = entry.at("year").get<int>() - 1970;
  file.record_count = entry.at("rows");
  file.file_size_in_bytes = entry.at("bytes");
  for (const NestedField& column : schema.fields) file.value_counts[column.field_id] = file.record_count;
  for (const auto& [name, hex] : entry.at("lower").items())
    file.lower_bounds[schema.find(name)->field_id] = from_hex(hex);
  for (const auto& [name, hex] : entry.at("upper").items())
    file.upper_bounds[schema.find(name)->field_id] = from_hex(hex);
  return file;
}

std::vector<DataFile> find_files(const Table& table, const std::vector<std::string>& paths) {
  std::vector<DataFile> found;
  value_of(table.list_files({}, [&](DataFile&& file) -> Status {
    if (std::ranges::find(paths, file.file_path) != paths.end()) found.push_back(std::move(file));
    return {};
  }));
  return found;
}

void apply(const json& change, Table& table) {
  Transaction transaction(table);
  value_of(transaction.add_columns(columns_from(change.value("add_columns", json::array()))));
  std::vector<DataFile> files;
  for (const json& entry : change.value("append", json::array()))
    files.push_back(file_from(entry, transaction.schema()));
  transaction.append(std::move(files));
  transaction.remove(find_files(table, change.value("remove", std::vector<std::string>())));
  if (change.value("rows_unchanged", false)) transaction.rows_unchanged();
  const auto properties = change.value("properties", Properties()), summary = change.value("summary", Properties());
  for (const auto& [key, value] : properties) transaction.set_property(key, value);
  for (const auto& [key, value] : summary) transaction.set_summary(key, value);
  value_of(transaction.commit(table));
}

json state_of(const Table& table) {
  json files = json::array();
  value_of(table.list_files({}, [&](DataFile&& file) -> Status {
    files.push_back({{"path", file.file_path},
                     {"cell", file.partition.cell ? json(*file.partition.cell) : json()},
                     {"year", file.partition.year_since_1970 ? json(*file.partition.year_since_1970 + 1970) : json()},
                     {"rows", file.record_count},
                     {"bounds", file.lower_bounds.size()}});
    return {};
  }));
  const Snapshot* snapshot = table.current_snapshot();
  return {{"metadata_location", table.metadata_location()},
          {"schema", json::parse(to_json(table.schema()))},
          {"manifests", value_of(table.manifests()).size()},
          {"summary", snapshot == nullptr ? json() : json(snapshot->summary)},
          {"files", files}};
}

int run(const std::string& catalog_path, const std::string& warehouse) {
  const json change = json::parse(std::cin);
  const bool create = change.contains("create");
  storage::Stores stores{storage::StorageSettings{}};
  const auto catalog = value_of(SqliteCatalog::open(catalog_path, {.create = create}));
  Table table =
      create ? value_of(Table::create(
                   stores, *catalog, {.schema = {.fields = columns_from(change.at("create"))}, .warehouse = warehouse}))
             : value_of(Table::load(stores, *catalog));
  apply(change, table);
  std::puts(state_of(table).dump(1).c_str());
  return 0;
}

}  // namespace
}  // namespace earthcatalog::iceberg

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: iceberg_tool CATALOG WAREHOUSE < change.json\n", stderr);
    return 2;
  }
  return earthcatalog::iceberg::run(argv[1], argv[2]);
}
