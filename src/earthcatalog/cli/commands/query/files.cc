#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/partition_flags.h"
#include "earthcatalog/cli/options/query_flags.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/search/plan.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::cli {
namespace {

using nlohmann::ordered_json;

// A text of SQL: quotes are doubled.
std::string sql_text(std::string_view text) {
  std::string sql = "'";
  for (const char c : text) sql += c == '\'' ? "''" : std::string(1, c);
  return sql + "'";
}

// Readers of files take a local one by its path.
Result<std::string> path_of(const std::string& uri) {
  EC_ASSIGN_OR_RETURN(const auto parsed, storage::parse_uri(uri));
  return parsed.scheme == "file" ? "/" + parsed.path : uri;
}

ordered_json json_of(const iceberg::DataFile& file) {
  const auto& [cell, year] = file.partition;
  return {{"path", file.file_path},
          {"grid_partition", cell ? ordered_json(*cell) : ordered_json()},
          {"year", year ? ordered_json(*year + 1970) : ordered_json()},
          {"row_count", file.record_count},
          {"file_size_bytes", file.file_size_in_bytes}};
}

class Files final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("files", "the data files that a search would read, with their rows and bytes");
    table_.add(*app_);
    snapshot_.add(*app_);
    query_.add(*app_);
    partitions_.add(*app_);
    app_->add_flag("--sql", sql_, "print them as the FROM of a query in DuckDB");
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto asked, query_.read());
    EC_ASSIGN_OR_RETURN(const auto filter, partitions_.filter());
    EC_ASSIGN_OR_RETURN(const auto access, open_to_read(session(), table_, snapshot_, report_));
    EC_ASSIGN_OR_RETURN(const auto query, search::bind(access.table, asked));
    EC_ASSIGN_OR_RETURN(const auto plan, search::make_plan(query, filter));
    if (report_.json()) {
      record(access.table, plan);
      return kExitOk;
    }
    return print(plan);
  }

 private:
  void record(const read::TableReader& table, const search::Plan& plan) {
    auto files = ordered_json::array();
    for (const auto& file : plan.files) files.push_back(json_of(file));
    report_.record_json(ordered_json{
        {"snapshot_id", snapshot_json(table)},
        {"row_count", plan.rows},
        {"total_bytes", plan.bytes},
        {"files",
         std::move(files)}}.dump());
  }

  Result<int> print(const search::Plan& plan) const {
    if (sql_ && plan.files.empty()) {
      return fail(ErrorKind::kNotFound, "no file of the table may hold such items; read_parquet() needs one");
    }
    if (sql_) write_out("read_parquet([");
    for (std::size_t i = 0; i < plan.files.size(); ++i) {
      EC_ASSIGN_OR_RETURN(const auto path, path_of(plan.files[i].file_path));
      if (sql_) {
        print_out("{}{}", i == 0 ? "" : ", ", sql_text(path));
      } else {
        print_out("{}\n", path);
      }
    }
    if (sql_) write_out("], union_by_name = true)\n");
    return kExitOk;
  }

  TableFlags table_;
  SnapshotFlags snapshot_;
  QueryFlags query_;
  PartitionFlags partitions_;
  bool sql_ = false;
};

}  // namespace

std::unique_ptr<Command> make_files() { return std::make_unique<Files>(); }

}  // namespace earthcatalog::cli
