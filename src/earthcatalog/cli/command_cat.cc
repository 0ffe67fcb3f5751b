#include <arrow/record_batch.h>

#include <cstdio>
#include <string>
#include <vector>

#include "earthcatalog/cli/commands.h"
#include "earthcatalog/cli/options.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::cli {
namespace {

// Prints the rows of one batch; false when nobody reads our output any more.
Result<bool> print_items(const std::shared_ptr<arrow::RecordBatch>& rows) {
  const stac::ItemWriter writer(rows);
  std::string text;
  for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
    text.clear();
    EC_TRY(writer.append_json(row, text));
    text += '\n';
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) return false;
  }
  return true;
}

class Cat final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("cat", "the rows of GeoParquet files of a table as STAC items, one a line");
    app_->add_option("FILE", files_, "paths or URIs; an item in several cells is printed once for each row")
        ->required();
    app_->add_option("--config", config_path_, "YAML file; its section storage is used");
    s3_.add(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto config, load_config(config_path_));
    storage::Stores stores(merge_storage(s3_, config, process_environment));
    for (const auto& name : files_) {
      EC_ASSIGN_OR_RETURN(const auto where, stores.locate(name));
      EC_ASSIGN_OR_RETURN(const auto file, geoparquet::FileReader::open(where));
      for (int group = 0; group < file->row_groups(); ++group) {
        EC_ASSIGN_OR_RETURN(const auto rows, file->read_row_group(group, {}));
        EC_ASSIGN_OR_RETURN(const bool more, annotate(print_items(rows), where.uri()));
        if (!more) return kExitOk;  // as in `| head`
      }
    }
    return kExitOk;
  }

 private:
  std::vector<std::string> files_;
  std::string config_path_;
  S3Flags s3_;
};

}  // namespace

std::unique_ptr<Command> make_cat() { return std::make_unique<Cat>(); }

}  // namespace earthcatalog::cli
