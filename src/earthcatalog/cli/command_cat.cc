#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "earthcatalog/cli/commands.h"
#include "earthcatalog/cli/options.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::cli {
namespace {

Status print_items(const std::shared_ptr<arrow::RecordBatch>& rows) {
  const stac::ItemWriter writer(rows);
  std::string text;
  for (std::int64_t row = 0; row < rows->num_rows() && !output_failed(); ++row) {
    text.clear();
    EC_TRY(writer.append_json(row, text));
    text += '\n';
    write_out(text);
  }
  return {};
}

// Any Parquet file can be read; rows of an inventory are no items.
Status check_items(const arrow::Schema& columns) {
  if (columns.GetFieldIndex("id") >= 0 && columns.GetFieldIndex("geometry") >= 0) return {};
  return fail(ErrorKind::kInvalidData, "it holds no STAC items: its columns are {}",
              fmt::join(columns.field_names(), ", "));
}

class Cat final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("cat", "the rows of GeoParquet files of a table as STAC items, one a line");
    app_->add_option("FILE", files_, "paths or URIs; an item in several cells is printed once for each row")
        ->required();
    s3_.add(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto settings, storage_settings(s3_, process_environment));
    storage::Stores stores(settings);
    for (const auto& name : files_) {
      EC_ASSIGN_OR_RETURN(const auto where, stores.locate(name));
      EC_ASSIGN_OR_RETURN(const auto file, geoparquet::FileReader::open(where));
      EC_TRY(annotate(check_items(*file->schema()), where.uri()));
      for (int group = 0; group < file->row_groups(); ++group) {
        EC_ASSIGN_OR_RETURN(const auto rows, file->read_row_group(group, {}));
        EC_TRY(annotate(print_items(rows), where.uri()));
        if (output_failed()) return kExitOk;  // main() tells why
      }
    }
    return kExitOk;
  }

 private:
  std::vector<std::string> files_;
  S3Flags s3_;
};

}  // namespace

std::unique_ptr<Command> make_cat() { return std::make_unique<Cat>(); }

}  // namespace earthcatalog::cli
