#include "earthcatalog/ingest/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace earthcatalog::ingest {
namespace {

ingest::Report sample() {
  ingest::Report report;
  report.run_id = "r";
  report.source_items = 21;
  report.written_items = 6;
  report.unchanged = 5;
  report.superseded = 4;
  report.missing = 3;
  report.pending = 2;
  report.rejected = 1;
  report.rows = 9;
  report.cells = {"a", "b"};
  report.years = {2019};
  report.fan_out_distribution = {{1, 3}, {2, 3}};
  report.seconds = 2;
  return report;
}

TEST(Report, AddsUp) {
  ingest::Report report = sample();
  EXPECT_EQ(report.imbalance(), 0);
  ++report.missing;
  EXPECT_EQ(report.imbalance(), -1);
}

TEST(Report, JsonHasTheNamesOfTheSpecification) {
  const auto json = nlohmann::json::parse(to_json(sample()));
  EXPECT_EQ(json["source_items"], 21);
  EXPECT_EQ(json["unique_cells"], 2);
  EXPECT_EQ(json["unique_years"], 1);
  EXPECT_DOUBLE_EQ(json["avg_fan_out"], 1.5);
  EXPECT_EQ(json["fan_out_distribution"], (nlohmann::json{{"1", 3}, {"2", 3}}));
  EXPECT_DOUBLE_EQ(json["items_per_second"], 10.5);
  EXPECT_TRUE(json["snapshot_id"].is_null());
  for (const char* name :
       {"run_id", "written_items", "unchanged", "superseded", "missing", "pending", "rejected", "rows", "files",
        "skipped_suffix", "skipped_since", "skipped_versions", "inventory_dates_unparseable", "item_dates_unparseable",
        "undated", "unlocated", "bytes_fetched", "seconds", "peak_rss_bytes"}) {
    EXPECT_TRUE(json.contains(name)) << name;
  }
}

TEST(Report, TextNamesEveryCountThatIsNotZero) {
  const auto text = to_text(sample());
  for (const char* word : {"21", "written", "unchanged", "superseded", "missing", "pending", "rejected"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace earthcatalog::ingest
