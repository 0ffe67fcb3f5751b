#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/hash_index.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/cli/commands.h"
#include "earthcatalog/cli/table_options.h"

namespace earthcatalog::cli {
namespace {

using nlohmann::ordered_json;

template <class T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

struct ObjectIndexSums {
  bool current = false;  // it describes the table's current snapshot
  std::size_t runs = 0;
  std::int64_t objects = 0, rows = 0, table_rows = 0;
  bool good() const { return !current || rows == table_rows; }
};

// Reads every run of the object index, and adds up the rows that its objects own.
Result<ObjectIndexSums> sum_object_index(const catalog::Catalog& catalog) {
  const auto& index = catalog.index();
  const auto* snapshot = catalog.table().current_snapshot();
  ObjectIndexSums sums;
  sums.runs = index.manifest().runs.size();
  sums.current = snapshot == nullptr || index.manifest().snapshot_id == snapshot->snapshot_id;
  EC_TRY(index.scan([&](catalog::ObjectEntry&& entry) -> Status {
    ++sums.objects;
    sums.rows += static_cast<std::int64_t>(entry.cells.size());
    return {};
  }));
  iceberg::ListFilesOptions options;
  options.statistics = false;
  EC_TRY(catalog.table().list_files(options, [&](iceberg::DataFile&& file) -> Status {
    sums.table_rows += file.record_count;
    return {};
  }));
  return sums;
}

class Index final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("index", "the hash index of a table's ids: make it, bring it up to date, check it");
    app_->require_subcommand(1);
    build_ = add(*app_, "build", "makes the hash index anew from all ids of the table");
    update_ = add(*app_, "update", "brings the hash index up to date with the table; without one, makes it");
    check_ = add(*app_, "check", "compares hash index and object index with the table; exit code 1 when they differ");
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(table_));
    storage::Stores stores(access.storage);
    EC_ASSIGN_OR_RETURN(const auto catalog, catalog::Catalog::open(stores, catalog_at(access)));
    EC_ASSIGN_OR_RETURN(const auto where, stores.locate(hash_index_of(*catalog)));
    catalog::HashIndexOptions index_options;
    EC_ASSIGN_OR_RETURN(index_options.memory_bytes, annotate(parse_bytes(memory_limit_), "--memory-limit"));
    if (check_->parsed()) return check(*catalog, where, index_options);
    EC_ASSIGN_OR_RETURN(const auto report, build_->parsed()
                                               ? build_hash_index(catalog->table(), where, index_options)
                                               : update_hash_index(catalog->table(), where, index_options));
    print(where, report);
    return kExitOk;
  }

 private:
  CLI::App* add(CLI::App& app, const std::string& name, const std::string& description) {
    auto* command = app.add_subcommand(name, description);
    table_.add(*command);
    command->add_option("--hash-index", hash_index_,
                        "path or URI (default: the table's property, else <warehouse>_id_hashes.parquet)");
    command->add_option("--memory-limit", memory_limit_, "hashes held; the rest is sorted in a temporary file")
        ->capture_default_str();
    format_.add(*command);
    return command;
  }

  std::string hash_index_of(const catalog::Catalog& catalog) const {
    if (!hash_index_.empty()) return hash_index_;
    const auto property = catalog.table().metadata().property(catalog::kHashIndexPathProperty);
    return property ? std::string(*property) : catalog::hash_index_uri(catalog.warehouse());
  }

  void print(const storage::Location& where, const catalog::HashIndexReport& report) const {
    if (format_.json()) {
      const ordered_json json = {{"hash_index", where.uri()},
                                 {"entries", report.entries},
                                 {"added", report.added},
                                 {"dropped", report.dropped},
                                 {"rebuilt", report.rebuilt}};
      fmt::print("{}\n", json.dump(2));
    } else if (report.rebuilt) {
      fmt::print("{} made anew: {} ids\n", where.uri(), report.entries);
    } else {
      fmt::print("{}: {} ids, {} added, {} dropped\n", where.uri(), report.entries, report.added, report.dropped);
    }
  }

  Result<int> check(const catalog::Catalog& catalog, const storage::Location& where,
                    const catalog::HashIndexOptions& options) const {
    EC_ASSIGN_OR_RETURN(const auto objects, sum_object_index(catalog));
    EC_ASSIGN_OR_RETURN(const auto hashes, check_hash_index(where, &catalog.table(), options));
    const bool good = objects.good() && hashes.good();
    if (format_.json()) {
      const ordered_json json = {{"good", good},
                                 {"hash_index",
                                  {{"path", where.uri()},
                                   {"entries", hashes.entries},
                                   {"table_ids", or_null(hashes.table_ids)},
                                   {"missing", hashes.missing},
                                   {"extra", hashes.extra},
                                   {"doubled", hashes.doubled},
                                   {"snapshot_id", or_null(hashes.snapshot_id)}}},
                                 {"object_index",
                                  {{"current", objects.current},
                                   {"runs", objects.runs},
                                   {"objects", objects.objects},
                                   {"rows", objects.rows},
                                   {"table_rows", objects.table_rows}}}};
      fmt::print("{}\n", json.dump(2));
    } else {
      fmt::print("hash index    {}\n  {} hashes, {} ids in the table: {} missing, {} extra, {} doubled\n", where.uri(),
                 hashes.entries, *hashes.table_ids, hashes.missing, hashes.extra, hashes.doubled);
      fmt::print("object index  {} runs, {} objects\n  they own {} rows, the table has {}{}\n", objects.runs,
                 objects.objects, objects.rows, objects.table_rows,
                 objects.current ? "" : ", by another writer's snapshot: the next run brings the index up to date");
    }
    if (good) return kExitOk;
    fmt::print(stderr, "earthcatalog: an index differs from the table{}\n",
               hashes.good() ? "" : "; `earthcatalog index build` makes the hash index anew");
    return kExitFailed;
  }

  CLI::App *build_ = nullptr, *update_ = nullptr, *check_ = nullptr;
  TableFlags table_;
  std::string hash_index_, memory_limit_ = "768MiB";
  FormatFlag format_;
};

}  // namespace

std::unique_ptr<Command> make_index() { return std::make_unique<Index>(); }

}  // namespace earthcatalog::cli
