#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "earthcatalog/catalog/index_upkeep.h"
#include "earthcatalog/catalog/table_schema.h"
#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/read_access.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/options/table_options.h"
#include "earthcatalog/config/units.h"
#include "earthcatalog/index/hash_index.h"

namespace earthcatalog::cli {
namespace {

using nlohmann::ordered_json;

template <class T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

class Index final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("index",
                              "hash index and object index of a table: make them, bring them up to date, check them");
    app_->require_subcommand(1);
    build_ =
        add(*app_, "build", "makes the hash index anew from all ids of the table; brings the object index up to date");
    update_ = add(*app_, "update", "brings both indexes up to date with the table; without a hash index, makes it");
    lock_.add(*build_, "Lock");
    lock_.add(*update_, "Lock");
    check_ = add(*app_, "check", "compares hash index and object index with the table; exit code 1 when they differ");
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto access, resolve(table_));
    EC_TRY(report_.begin(access));
    storage::Stores stores(access.storage);
    index::HashIndexOptions index_options;
    EC_ASSIGN_OR_RETURN(index_options.memory_bytes, annotate(config::parse_bytes(memory_limit_), "--memory-limit"));
    Tell tell;
    const auto status = session().watch([&](const Hooks& hooks) -> Status {
      index_options.hooks = hooks;
      EC_ASSIGN_OR_RETURN(
          tell, check_->parsed() ? check(stores, access, index_options) : update(stores, access, index_options));
      return {};
    });
    EC_TRY(status);
    return tell();
  }

 private:
  using Tell = std::function<Result<int>()>;  // prints the outcome; the exit code

  CLI::App* add(CLI::App& app, const std::string& name, const std::string& description) {
    auto* command = app.add_subcommand(name, description);
    table_.add(*command);
    as_path(command->add_option("--hash-index", hash_index_,
                                "path or URI (default: the table's property, else <warehouse>_id_hashes.parquet)"));
    command->add_option("--memory-limit", memory_limit_, "hashes held; the rest is sorted in a temporary file")
        ->capture_default_str();
    report_.add(*command);
    return command;
  }

  std::string hash_index_of(const read::TableReader& reader) const {
    if (!hash_index_.empty()) return hash_index_;
    const auto property = reader.table().metadata().property(catalog::kHashIndexPathProperty);
    return property ? *property : catalog::hash_index_uri(reader.place().warehouse);
  }

  Result<Tell> update(storage::Stores& stores, const TableAccess& access, const index::HashIndexOptions& options) {
    EC_ASSIGN_OR_RETURN(auto locked, locked_catalog(session(), access, lock_, "index"));
    EC_ASSIGN_OR_RETURN(const auto objects, update_object_index(stores, std::move(locked)));
    EC_ASSIGN_OR_RETURN(const auto reader, read::TableReader::open(stores, place_of(access)));
    EC_ASSIGN_OR_RETURN(const auto where, stores.locate(hash_index_of(reader)));
    EC_ASSIGN_OR_RETURN(const auto hashes, build_->parsed() ? build_hash_index(reader.table(), where, options)
                                                            : update_hash_index(reader.table(), where, options));
    return [this, where, hashes, objects]() -> Result<int> {
      print(where, hashes, objects);
      return kExitOk;
    };
  }

  void print(const storage::Location& where, const index::HashIndexReport& hashes,
             const catalog::ObjectIndexUpdate& objects) {
    const ordered_json json = {
        {"hash_index", where.uri()}, {"entries", hashes.entries},
        {"added", hashes.added},     {"dropped", hashes.dropped},
        {"rebuilt", hashes.rebuilt}, {"object_index", {{"changed", objects.changed}, {"runs", objects.runs}}}};
    report_.record_json(json.dump());
    if (report_.json()) return;
    if (hashes.rebuilt) {
      print_out("{} made anew: {} ids\n", where.uri(), hashes.entries);
    } else {
      print_out("{}: {} ids, {} added, {} dropped\n", where.uri(), hashes.entries, hashes.added, hashes.dropped);
    }
    print_out("object index {}\n", objects.changed ? "brought up to date with the table" : "up to date");
  }

  Result<Tell> check(storage::Stores& stores, const TableAccess& access, const index::HashIndexOptions& options) {
    EC_ASSIGN_OR_RETURN(const auto reader, read::TableReader::open(stores, place_of(access)));
    EC_ASSIGN_OR_RETURN(const auto where, stores.locate(hash_index_of(reader)));
    EC_ASSIGN_OR_RETURN(const auto objects, catalog::check_object_index(reader.table(), reader.index()));
    EC_ASSIGN_OR_RETURN(const auto found, where.store->head(where.key));
    std::optional<index::HashIndexCheck> hashes;
    if (found || !hash_index_.empty()) {
      EC_ASSIGN_OR_RETURN(hashes, check_hash_index(where, &reader.table(), options));
    }
    return [this, where, hashes, objects] { return tell(where, hashes, objects); };
  }

  Result<int> tell(const storage::Location& where, const std::optional<index::HashIndexCheck>& hashes,
                   const catalog::ObjectIndexCheck& objects) {
    print(where, hashes, objects);
    const bool good = !hashes || hashes->good();
    if (good && objects.good()) return kExitOk;
    return fail(ErrorKind::kInvalidData, "an index differs from the table{}{}",
                good ? "" : "; `earthcatalog index build` makes the hash index anew", remedy(objects));
  }

  static std::string_view remedy(const catalog::ObjectIndexCheck& objects) {
    if (objects.good()) return "";
    if (!objects.whole) return "; files of the object index are gone: `earthcatalog index update` makes it anew";
    if (!objects.current) return "; `earthcatalog index update` brings the object index up to date";
    return "; `earthcatalog audit` names the objects and rows of the object index that are at fault";
  }

  static ordered_json to_json(const storage::Location& where, const index::HashIndexCheck& hashes) {
    return {{"path", where.uri()},
            {"entries", hashes.entries},
            {"table_ids", or_null(hashes.table_ids)},
            {"missing", hashes.missing},
            {"extra", hashes.extra},
            {"doubled", hashes.doubled},
            {"snapshot_id", or_null(hashes.snapshot_id)}};
  }

  // Without `hashes` the table has no hash index, which is no fault: only `delta --by-id` needs one.
  void print(const storage::Location& where, const std::optional<index::HashIndexCheck>& hashes,
             const catalog::ObjectIndexCheck& objects) {
    const ordered_json json = {{"good", (!hashes || hashes->good()) && objects.good()},
                               {"hash_index", hashes ? to_json(where, *hashes) : ordered_json()},
                               {"object_index",
                                {{"whole", objects.whole},
                                 {"current", objects.current},
                                 {"runs", objects.runs},
                                 {"objects", objects.objects},
                                 {"items", objects.items},
                                 {"counted_items", or_null(objects.counted_items)},
                                 {"rows", objects.rows},
                                 {"table_rows", objects.table_rows}}}};
    report_.record_json(json.dump());
    if (report_.json()) return;
    if (hashes) {
      print_out("hash index    {}\n  {} hashes, {} ids in the table: {} missing, {} extra, {} doubled\n", where.uri(),
                hashes->entries, *hashes->table_ids, hashes->missing, hashes->extra, hashes->doubled);
    } else {
      print_out("hash index    none at {}; `earthcatalog index build` makes it\n", where.uri());
    }
    print_out("object index  {} runs, {} objects\n  they own {} rows of {} items, the table has {} rows{}\n",
              objects.runs, objects.objects, objects.rows, objects.items, objects.table_rows,
              objects.current ? "" : ", by another writer's snapshot");
  }

  CLI::App *build_ = nullptr, *update_ = nullptr, *check_ = nullptr;
  TableFlags table_;
  LockFlags lock_;
  std::string hash_index_, memory_limit_ = default_memory_limit();
};

}  // namespace

std::unique_ptr<Command> make_index() { return std::make_unique<Index>(); }

}  // namespace earthcatalog::cli
