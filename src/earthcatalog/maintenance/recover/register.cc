#include "earthcatalog/maintenance/recover/register.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "earthcatalog/base/stopwatch.h"
#include "earthcatalog/catalog/file/pointer.h"
#include "earthcatalog/maintenance/recover/table_check.h"

namespace earthcatalog::maintenance {
namespace {

Result<bool> holds_anything(storage::Stores& stores, const std::string& prefix) {
  EC_ASSIGN_OR_RETURN(const auto where, stores.locate(prefix));
  bool found = false;
  const auto listed = where.store->list(where.key, [&](const storage::ObjectInfo&) -> Status {
    found = true;
    return fail(ErrorKind::kCancelled, "seen enough");
  });
  if (!listed && !found) return std::unexpected(listed.error());
  return found;
}

// One call of run_register().
class Registration {
 public:
  Registration(storage::Stores& stores, const RegisterSpec& spec, RegisterReport& report)
      : stores_(stores), spec_(spec), report_(report) {}

  Status run();

 private:
  Status name_places();
  Status check_warehouse();
  Status check_catalog();
  Status find_or_make_table();
  Status take(const iceberg::Table& table);
  Status choose(std::vector<catalog::FoundTable>& tables) const;
  Status make(const std::string& uuid);

  storage::Stores& stores_;
  const RegisterSpec& spec_;
  RegisterReport& report_;
};

// Everything that can be refused is refused before the lock is taken: a mistyped name leaves nothing behind.
Status Registration::run() {
  report_.run_id = spec_.catalog.run_id;
  report_.dry_run = spec_.dry_run;
  EC_TRY(name_places());
  EC_TRY(check_warehouse());
  EC_TRY(check_catalog());
  if (spec_.dry_run) return find_or_make_table();
  EC_ASSIGN_OR_RETURN(const auto pointer, catalog::PointerChange::begin(stores_, spec_.catalog));
  Status status = find_or_make_table();
  if (status) status = pointer->move_to(report_.replaced, report_.metadata);
  if (auto closed = pointer->close(); status && !closed) status = closed;
  return status;
}

Status Registration::name_places() {
  if (spec_.catalog.warehouse.empty()) {
    return fail(ErrorKind::kInvalidArgument, "`warehouse` is needed: the table is looked for there");
  }
  EC_ASSIGN_OR_RETURN(report_.catalog, storage::normalize_uri(spec_.catalog.catalog));
  EC_ASSIGN_OR_RETURN(report_.warehouse, storage::normalize_uri(spec_.catalog.warehouse));
  return {};
}

Status Registration::check_warehouse() {
  for (const char* place : {"earthcatalog/stac_items/metadata/", "grid_partition="}) {
    EC_ASSIGN_OR_RETURN(const bool found, holds_anything(stores_, report_.warehouse + "/" + place));
    if (found) return {};
  }
  return fail(ErrorKind::kNotFound,
              "{} holds no table of earthcatalog's: neither metadata nor data files; check the path",
              report_.warehouse);
}

Status Registration::check_catalog() {
  EC_ASSIGN_OR_RETURN(report_.replaced,
                      annotate(catalog::read_pointer(stores_, report_.catalog),
                               "the file in the catalog's place cannot be used; move it away, and run again"));
  if (!report_.replaced) return {};
  const auto table = iceberg::Table::open_metadata(stores_, *report_.replaced);
  if (table && !spec_.replace) {
    return fail(
        ErrorKind::kAlreadyExists,
        "the catalog {} has the table earthcatalog.stac_items, with readable metadata {}: nothing is lost. Pass "
        "`replace` to have it point to what is found in the warehouse all the same",
        report_.catalog, *report_.replaced);
  }
  if (!table) report_.notes.push_back("the catalog's table could not be read: " + table.error().message);
  return {};
}

Status Registration::find_or_make_table() {
  EC_ASSIGN_OR_RETURN(auto search, catalog::find_tables(stores_, report_.warehouse));
  report_.passed_over = std::move(search.passed_over);
  EC_TRY(choose(search.tables));
  if (search.tables.empty()) return make({});
  const auto& table = search.tables.front().newest;
  const Status in_place = catalog::check_place(table, report_.warehouse);
  if (spec_.reconstruct) return make(in_place ? table.metadata().table_uuid : std::string());
  EC_TRY(in_place);
  return take(table);
}

// Leaves the table that is meant; none to be made from the data files as a new one.
Status Registration::choose(std::vector<catalog::FoundTable>& tables) const {
  const bool asked = !spec_.table_uuid.empty();
  std::string all;
  for (const auto& table : tables) all += (all.empty() ? "" : "; ") + table.describe();
  const auto is_meant = [&](const catalog::FoundTable& table) { return table.uuid() == spec_.table_uuid; };
  if (asked && std::ranges::none_of(tables, is_meant)) {
    return fail(ErrorKind::kNotFound, "{} holds no metadata of the table {}; it has {}", report_.warehouse,
                spec_.table_uuid, all.empty() ? "none of any table" : all);
  }
  if (asked) std::erase_if(tables, std::not_fn(is_meant));
  if (tables.size() < 2) return {};
  if (spec_.reconstruct) return tables.clear(), Status{};
  return fail(ErrorKind::kInvalidData, "{} holds {} tables; say which one with `table_uuid`: {}", report_.warehouse,
              tables.size(), all);
}

Status Registration::take(const iceberg::Table& table) {
  EC_ASSIGN_OR_RETURN(const TableCheck check, check_table(table, report_.warehouse));
  for (const auto& snapshot : check.unreadable_snapshots) report_.notes.push_back(snapshot);
  if (check.problem_count > 0) {
    // Older metadata may be whole, but would silently take back all commits since; nobody but the user can want that.
    return fail(
        ErrorKind::kInvalidData,
        "the newest readable metadata {} name things that are not there ({} in all): {}. Restore them, or make a "
        "table of the data files that are left with `reconstruct`",
        table.metadata_location(), check.problem_count, fmt::join(check.problems, "; "));
  }
  report_.metadata = table.metadata_location();
  report_.snapshot_id = table.metadata().current_snapshot_id;
  report_.snapshots = std::ssize(table.metadata().snapshots);
  report_.files = check.files;
  report_.rows = check.rows;
  report_.bytes = check.bytes;
  return {};
}

Status Registration::make(const std::string& uuid) {
  ReconstructSpec spec{.warehouse = report_.warehouse,
                       .run_id = spec_.catalog.run_id,
                       .grid = spec_.catalog.grid,
                       .table_uuid = uuid,
                       .follows = {},
                       .rewrite = spec_.rewrite,
                       .dry_run = spec_.dry_run,
                       .workers = spec_.workers,
                       .clock = spec_.catalog.clock};
  EC_ASSIGN_OR_RETURN(const auto older, catalog::list_metadata(stores_, report_.warehouse));
  if (!older.empty()) spec.follows = older.front().uri;
  auto& done = report_.reconstructed.emplace();
  EC_TRY(reconstruct(stores_, spec, done));
  report_.metadata = done.metadata;
  if (!spec_.dry_run) report_.snapshot_id = done.snapshot_id;
  report_.snapshots = 1;
  report_.files = done.files_taken + done.files_rewritten;
  report_.rows = done.rows;
  report_.bytes = done.bytes;
  return {};
}

}  // namespace

Status run_register(storage::Stores& stores, const RegisterSpec& spec, RegisterReport& report) {
  const Stopwatch time;
  auto status = Registration(stores, spec, report).run();
  report.seconds = time.seconds();
  return status;
}

}  // namespace earthcatalog::maintenance
