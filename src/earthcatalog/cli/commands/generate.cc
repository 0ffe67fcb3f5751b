#include "earthcatalog/generate/generate.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/cli/options/settings.h"

namespace earthcatalog::cli {
namespace {

std::string to_json(const generate::GenerateReport& report) {
  nlohmann::ordered_json json;
  json["items"] = report.items;
  json["objects"] = report.objects;
  json["inventory_rows"] = report.inventory_rows;
  json["bytes"] = report.bytes;
  json["smallest_bytes"] = report.smallest_bytes;
  json["largest_bytes"] = report.largest_bytes;
  json["seconds"] = report.seconds;
  json["inventories"] = report.inventories;
  json["source_root"] = report.source_root;
  return json.dump(2);
}

void print_text(const generate::GenerateReport& report) {
  const double mean = report.objects > 0 ? static_cast<double>(report.bytes) / static_cast<double>(report.objects) : 0;
  print_out("{} items in {} objects of {} to {} bytes (mean {:.0f}), {:.1f} s\n", report.items, report.objects,
            report.smallest_bytes, report.largest_bytes, mean, report.seconds);
  for (const auto& inventory : report.inventories) print_out("inventory {}\n", inventory);
  print_out("read them with --source-root {}\n", report.source_root);
}

class Generate final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("generate", "ITS_LIVE-like items and inventories of them, to try things on");
    app_->add_option("--items", options_.items, "how many")->required()->check(at_least(0));
    as_path(app_->add_option("--out", options_.out, "folder (objects at <out>/<bucket>/<key>), or URI of a bucket"))
        ->required();
    app_->add_option("--seed", options_.item.seed, "the same seed gives the same bytes")->capture_default_str();
    app_->add_option("--start", options_.start, "number of the first item, to extend a set")->capture_default_str();
    app_->add_option("--bucket", options_.bucket, "name of the bucket in a folder")->capture_default_str();
    app_->add_option("--duplicate-every", options_.duplicate_every,
                     "every n-th item again under a second key with a newer `updated` (0: none)")
        ->capture_default_str();
    app_->add_option("--sidecar-rows", options_.sidecar_rows, "inventory rows an item that are no items")
        ->capture_default_str();
    app_->add_flag("--concentrate", options_.item.concentrate,
                   "few places and years: at most 160 (cell, year) groups at H3 resolutions 0 to 2");
    app_->add_option("--odd-every", options_.item.odd_every,
                     "every n-th item over the antimeridian, round a pole, without geometry or time, in 3-D (0: none)")
        ->capture_default_str();
    app_->add_flag("!--no-objects", options_.write_objects, "inventories alone");
    s3_.add(*app_);
    report_.add_format(*app_);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto settings, s3_.settings(session()));
    EC_TRY(report_.begin(settings));
    storage::Stores stores(settings);
    generate::GenerateReport report;
    EC_TRY(session().watch([&](const Hooks& hooks) -> Status {
      options_.hooks = hooks;
      EC_ASSIGN_OR_RETURN(report, generate::generate(stores, options_));
      return {};
    }));
    report_.record_json(to_json(report));
    if (!report_.json()) print_text(report);
    return kExitOk;
  }

 private:
  generate::GenerateOptions options_;
  S3Flags s3_;
};

}  // namespace

std::unique_ptr<Command> make_generate() { return std::make_unique<Generate>(); }

}  // namespace earthcatalog::cli
