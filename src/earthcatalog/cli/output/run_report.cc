#include "earthcatalog/cli/output/run_report.h"

#include <nlohmann/json.hpp>

#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/options/settings.h"
#include "earthcatalog/cli/output/report_file.h"
#include "earthcatalog/version.h"

namespace earthcatalog::cli {
namespace {

using Json = nlohmann::ordered_json;

// The place as the table spells it; as it was given when it makes no sense.
std::string spelling_of(const std::string& place) {
  if (place.empty()) return place;
  return storage::normalize_uri(place).value_or(place);
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

const char* status_of(int code) {
  if (code == kExitOk) return "ok";
  return code == kExitInterrupted ? "interrupted" : "failed";
}

}  // namespace

int exit_code_of(const Error& error) {
  if (error.kind == ErrorKind::kInvalidArgument) return kExitUsage;
  return error.kind == ErrorKind::kCancelled ? kExitInterrupted : kExitFailed;
}

void RunReport::add(CLI::App& app, const std::string& group) {
  format_.add(app);
  as_path(
      app.add_option("--report", file_, "write the report as JSON to this file too, also of a failed run; path or URI"))
      ->group(group);
}

Status RunReport::begin(const TableAccess& access, std::string_view inventory) {
  catalog_ = spelling_of(access.catalog);
  warehouse_ = spelling_of(access.warehouse);
  return begin(access.storage, inventory);
}

Status RunReport::begin(const storage::StorageSettings& storage, std::string_view inventory) {
  storage_ = storage;
  set_inventory(inventory);
  if (file_.empty()) return {};
  storage::Stores stores(storage_);
  auto status = annotate(check_report_place(stores, file_), "--report");
  can_be_written_ = status.has_value();
  return status;
}

void RunReport::set_inventory(std::string_view inventory) { inventory_ = spelling_of(std::string(inventory)); }

void RunReport::print_text(std::string_view text) {
  write_out(text);
  flush_output();
}

int RunReport::finish(const Outcome& outcome, Session& session) const {
  const bool wanted = session.wants_report(json());
  if (!wanted && file_.empty()) return outcome.exit_code;
  const auto text = compose(outcome) + "\n";
  if (wanted) session.report(text);
  if (file_.empty() || !can_be_written_) return outcome.exit_code;
  storage::Stores stores(storage_);
  const auto written = write_report(stores, file_, text);
  if (written) return outcome.exit_code;
  session.note(fmt::format("--report: {}", written.error().message));
  return outcome.exit_code == kExitOk ? kExitFailed : outcome.exit_code;
}

std::string RunReport::compose(const Outcome& outcome) const {
  Json json;
  json["command"] = outcome.command;
  json["version"] = kVersion;
  json["status"] = status_of(outcome.exit_code);
  json["error"] = or_null(outcome.error);
  json["exit_code"] = outcome.exit_code;
  json["started"] = format_time(started_);
  json["ended"] = format_time(system_now());
  json["seconds"] = time_.seconds();
  json["catalog"] = or_null(catalog_);
  json["warehouse"] = or_null(warehouse_);
  json["inventory"] = or_null(inventory_);
  if (own_.empty()) return json.dump(2);
  const Json own = Json::parse(own_);
  for (const auto& [name, value] : own.items()) {
    // A command may know places better than its command line, and how long it worked; not so when it ended early.
    const bool known = name != "inventory" && !value.is_null() && value != 0 && value != "";
    if (known || !json.contains(name)) json[name] = value;
  }
  return json.dump(2);
}

}  // namespace earthcatalog::cli
