#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/query_flags.h"
#include "earthcatalog/search/plan.h"
#include "earthcatalog/storage/uri.h"

namespace earthcatalog::cli {
namespace {

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

class FilesCommand final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("files", "the Parquet files that a search would read");
    table_.add(*app_);
    query_.add(*app_);
    app_->add_option("--format", format_,
                     "text: a path or URI a line; sql: the FROM of a query in DuckDB; json: with rows and bytes")
        ->check(CLI::IsMember({"text", "sql", "json"}))
        ->capture_default_str();
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto asked, query_.read());
    EC_ASSIGN_OR_RETURN(const auto access, open_to_read(table_, report_));
    EC_ASSIGN_OR_RETURN(const auto table, query_.snapshot_of(access.table));
    EC_ASSIGN_OR_RETURN(const auto query, search::bind(table, asked));
    EC_ASSIGN_OR_RETURN(const auto plan, search::make_plan(query));
    if (format_ == "json") return print_json(plan);
    if (format_ == "sql" && plan.files.empty()) {
      return fail(ErrorKind::kNotFound, "no file of the table may hold such items; read_parquet() needs one");
    }
    const bool sql = format_ == "sql";
    if (sql) write_out("read_parquet([");
    for (std::size_t i = 0; i < plan.files.size(); ++i) {
      EC_ASSIGN_OR_RETURN(const auto path, path_of(plan.files[i].file_path));
      if (sql) {
        print_out("{}{}", i == 0 ? "" : ", ", sql_text(path));
      } else {
        print_out("{}\n", path);
      }
    }
    if (sql) write_out("], union_by_name = true)\n");
    return kExitOk;
  }

 private:
  Result<int> print_json(const search::Plan& plan) const {
    auto files = nlohmann::ordered_json::array();
    for (const auto& file : plan.files) {
      const auto& [cell, year] = file.partition;
      files.push_back({{"uri", file.file_path},
                       {"cell", cell ? nlohmann::ordered_json(*cell) : nlohmann::ordered_json()},
                       {"year", year ? nlohmann::ordered_json(*year + 1970) : nlohmann::ordered_json()},
                       {"rows", file.record_count},
                       {"bytes", file.file_size_in_bytes}});
    }
    print_out("{}\n", nlohmann::ordered_json{{"files", files}, {"rows", plan.rows}, {"bytes", plan.bytes}}.dump());
    return kExitOk;
  }

  TableFlags table_;
  QueryFlags query_;
  std::string format_ = "text";
};

}  // namespace

std::unique_ptr<Command> make_files() { return std::make_unique<FilesCommand>(); }

}  // namespace earthcatalog::cli
