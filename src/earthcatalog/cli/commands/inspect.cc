#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "earthcatalog/cli/commands/commands.h"
#include "earthcatalog/cli/options/inventory_flags.h"
#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/cli/options/standard_input.h"
#include "earthcatalog/inventory/summary.h"

namespace earthcatalog::cli {
namespace {

using inventory::InventorySummary;

nlohmann::ordered_json time_or_null(const std::optional<TimeMicros>& time) {
  return time ? nlohmann::ordered_json(format_time(*time)) : nlohmann::ordered_json();
}

std::string to_json(const InventorySummary& summary) {
  nlohmann::ordered_json json;
  json["format"] = summary.info.format;
  json["list"] = summary.info.list;
  json["data_files"] = summary.info.data_files;
  json["url_encoded"] = summary.info.url_encoded;
  json["identity"] = summary.identity;
  json["rows"] = summary.counts.rows;
  json["items"] = summary.counts.items;
  json["skipped_suffix"] = summary.counts.skipped_suffix;
  json["skipped_since"] = summary.counts.skipped_since;
  json["skipped_versions"] = summary.counts.skipped_versions;
  json["dates_unparseable"] = summary.counts.dates_unparseable;
  json["items_by_bucket"] = summary.items_by_bucket;
  json["size_bytes"] = summary.size_bytes;
  json["items_without_size"] = summary.items_without_size;
  json["oldest"] = time_or_null(summary.oldest);
  json["newest"] = time_or_null(summary.newest);
  return json.dump(2);
}

void print_text(const InventorySummary& summary) {
  print_out("format    {}{}{}\n", summary.info.list.empty() ? "" : summary.info.list + " of ", summary.info.format,
            summary.info.url_encoded ? ", keys URL-encoded" : "");
  if (summary.info.data_files > 1) print_out("files     {}\n", summary.info.data_files);
  print_out("rows      {}\n", summary.counts.rows);
  print_out("items     {}\n", summary.counts.items);
  if (summary.counts.items == 0 && !summary.counts.first_other_key.empty()) {
    print_out("no items  the first key is {}; say with --suffix what the keys of items end in\n",
              summary.counts.first_other_key);
  }
  print_out("passed over {} by suffix, {} by date, {} old versions or delete markers\n", summary.counts.skipped_suffix,
            summary.counts.skipped_since, summary.counts.skipped_versions);
  for (const auto& [bucket, items] : summary.items_by_bucket) print_out("bucket    {}  {} items\n", bucket, items);
  if (summary.counts.items > summary.items_without_size) {
    print_out("size      {:.1f} MB in all, {:.0f} bytes an item\n", static_cast<double>(summary.size_bytes) / 1e6,
              static_cast<double>(summary.size_bytes) /
                  static_cast<double>(summary.counts.items - summary.items_without_size));
  }
  if (summary.oldest) print_out("modified  {} to {}\n", format_time(*summary.oldest), format_time(*summary.newest));
  if (summary.counts.dates_unparseable > 0)
    print_out("dates     {} cannot be read\n", summary.counts.dates_unparseable);
}

class Inspect final : public Command {
 public:
  void setup(CLI::App& app) override {
    app_ = app.add_subcommand("inspect", "what is in an input, without fetching its objects");
    app_->require_subcommand(1);
    auto* inventory = app_->add_subcommand("inventory", "rows, items, buckets and dates of an inventory");
    inventory->add_option("URI", uri_, "the inventory: path or URI")->required();
    inventory->add_option("--since", keys_.since, "only objects modified since: 2026-01-31, an RFC 3339 time, or 2d");
    keys_.add_limit(*inventory);
    keys_.add(*inventory);
    s3_.add(*inventory);
    report_.add_format(*inventory);
  }

  Result<int> run() override {
    EC_ASSIGN_OR_RETURN(const auto settings, s3_.settings(session()));
    EC_TRY(report_.begin(settings, uri_));
    EC_ASSIGN_OR_RETURN(const auto options, keys_.options());
    storage::Stores stores(settings);
    EC_ASSIGN_OR_RETURN(auto inventory, inventory_path(uri_));
    EC_TRY(choose_inventory(session(), stores, inventory));
    report_.set_inventory(inventory);
    EC_ASSIGN_OR_RETURN(const auto summary, inventory::summarize(stores, inventory, options));
    report_.record_json(to_json(summary));
    if (!report_.json()) print_text(summary);
    return kExitOk;
  }

 private:
  std::string uri_;
  InventoryFlags keys_;
  S3Flags s3_;
};

}  // namespace

std::unique_ptr<Command> make_inspect() { return std::make_unique<Inspect>(); }

}  // namespace earthcatalog::cli
