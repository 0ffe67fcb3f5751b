#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <string>
#include <vector>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/cli/options/table_options.h"
#include "earthcatalog/geoparquet/reader.h"
#include "earthcatalog/read/table_items.h"
#include "earthcatalog/stac/item_batch.h"

namespace earthcatalog::cli {
namespace {

void print_line(std::string_view text) {
  write_out(text);
  write_out("\n");
}

// At most `left` rows, which it counts down.
Status print_rows(const std::shared_ptr<arrow::RecordBatch>& rows, std::int64_t& left) {
  const stac::ItemWriter writer(rows);
  std::string text;
  for (std::int64_t row = 0; row < rows->num_rows() && left > 0 && !output_failed(); ++row, --left) {
    text.clear();
    EC_TRY(writer.append_json(row, text));
    print_line(text);
  }
  return {};
}

// An inventory is Parquet too.
Status check_holds_items(const geoparquet::FileReader& file) {
  const auto schema = file.schema();
  for (const char* name : {"id", "geometry"}) {
    if (schema->GetFieldIndex(name) >= 0) continue;
    return fail(ErrorKind::kInvalidData, "{} holds no STAC items: it has no column {}; its columns are {}", file.name(),
                name, fmt::join(schema->field_names(), ", "));
  }
  return {};
}

class Cat final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("cat", "STAC items, one a line: of a table, each once, or the rows of GeoParquet files");
    app_->add_option("FILE", files_, "paths or URIs; an item in several cells is printed once for each row");
    table_.add(*app_);
    app_->add_option("--id", ids_, "of the table's items those with this id; may be given several times")
        ->allow_extra_args(false);
    app_->add_option("--collection", collection_, "of the table's items those of this collection");
    app_->add_option("--limit", limit_, "at most so many items, or rows of files; 0: all")->check(at_least(0));
  }

  Result<int> run() override {
    if (!files_.empty() && (!ids_.empty() || collection_)) {
      return fail(ErrorKind::kInvalidArgument, "--id and --collection choose items of a table: leave the files out");
    }
    if (limit_ == 0) limit_.reset();
    return files_.empty() ? print_table() : print_files();
  }

 private:
  Result<int> print_table() {
    EC_ASSIGN_OR_RETURN(const auto access, open_to_read(session(), table_, report_));
    const read::ItemsQuery query{.ids = {ids_.begin(), ids_.end()}, .collection = collection_, .limit = limit_};
    EC_ASSIGN_OR_RETURN(const auto read, read::read_items(access.table, query, [](std::string_view json) {
                          print_line(json);
                          return !output_failed();  // main() tells why
                        }));
    if (read.missing.empty()) return kExitOk;
    return fail(ErrorKind::kNotFound, "{}{} has no item with the id {}", access.table.place().catalog,
                collection_ ? fmt::format(", collection {},", *collection_) : "", fmt::join(read.missing, ", "));
  }

  Result<int> print_files() const {
    EC_ASSIGN_OR_RETURN(const auto settings, table_.s3.settings(session()));
    storage::Stores stores(settings);
    std::int64_t left = limit_.value_or(std::numeric_limits<std::int64_t>::max());
    for (const auto& name : files_) {
      EC_ASSIGN_OR_RETURN(const auto where, stores.locate(name));
      EC_ASSIGN_OR_RETURN(const auto file, geoparquet::FileReader::open(where));
      EC_TRY(check_holds_items(*file));
      for (int group = 0; group < file->row_groups() && left > 0; ++group) {
        EC_ASSIGN_OR_RETURN(const auto rows, file->read_row_group(group, {}));
        EC_TRY(annotate(print_rows(rows, left), where.uri()));
        if (output_failed()) return kExitOk;  // main() tells why
      }
    }
    return kExitOk;
  }

  std::vector<std::string> files_, ids_;
  std::optional<std::string> collection_;
  std::optional<std::int64_t> limit_;
  TableFlags table_;
};

}  // namespace

std::unique_ptr<Command> make_cat() { return std::make_unique<Cat>(); }

}  // namespace earthcatalog::cli
