#include <nlohmann/json.hpp>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/partition_flags.h"
#include "earthcatalog/cli/options/read_access.h"

namespace earthcatalog::cli {
namespace {

using nlohmann::ordered_json;

class Files final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("files", "the data files of a table, with their rows and bytes");
    table_.add(*app_);
    snapshot_.add(*app_);
    partitions_.add(*app_);
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, open_to_read(table_, snapshot_, report_));
    EC_ASSIGN_OR_RETURN(const auto filter, partitions_.filter());
    auto files = ordered_json::array();
    EC_TRY(access.table.list_files({.filter = filter, .statistics = false}, [&](iceberg::DataFile&& file) -> Status {
      const auto& [cell, year] = file.partition;
      files.push_back({{"path", file.file_path},
                       {"grid_partition", cell ? ordered_json(*cell) : ordered_json()},
                       {"year", year ? ordered_json(*year + 1970) : ordered_json()},
                       {"row_count", file.record_count},
                       {"file_size_bytes", file.file_size_in_bytes}});
      return {};
    }));
    report_.record_json(ordered_json{{"snapshot_id", snapshot_json(access.table)}, {"files", std::move(files)}}.dump());
    return kExitOk;
  }

 private:
  TableFlags table_;
  SnapshotFlags snapshot_;
  PartitionFlags partitions_;
};

}  // namespace

std::unique_ptr<Command> make_files() { return std::make_unique<Files>(); }

}  // namespace earthcatalog::cli
