#include <nlohmann/json.hpp>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/partition_flags.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/read/table_summary.h"

namespace earthcatalog::cli {
namespace {

using nlohmann::ordered_json;

class Stats final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("stats", "files, rows and bytes of each cell and year of a table");
    table_.add(*app_);
    snapshot_.add(*app_);
    partitions_.add(*app_);
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, open_to_read(session(), table_, snapshot_, report_));
    EC_ASSIGN_OR_RETURN(const auto filter, partitions_.filter());
    EC_ASSIGN_OR_RETURN(const auto partitions, read::summarize_partitions(access.table, filter));
    EC_ASSIGN_OR_RETURN(const auto items, read::count_items(access.table));
    auto list = ordered_json::array();
    for (const auto& partition : partitions) {
      list.push_back({{"grid_partition", partition.cell ? ordered_json(*partition.cell) : ordered_json()},
                      {"year", partition.year ? ordered_json(*partition.year) : ordered_json()},
                      {"row_count", partition.rows},
                      {"file_count", partition.files},
                      {"total_bytes", partition.bytes}});
    }
    report_.record_json(ordered_json{
        {"snapshot_id", snapshot_json(access.table)},
        {"items", items ? ordered_json(*items) : ordered_json()},
        {"partitions",
         std::move(list)}}.dump());
    return kExitOk;
  }

 private:
  TableFlags table_;
  SnapshotFlags snapshot_;
  PartitionFlags partitions_;
};

}  // namespace

std::unique_ptr<Command> make_stats() { return std::make_unique<Stats>(); }

}  // namespace earthcatalog::cli
