#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "earthcatalog/cli/calls/call.h"
#include "earthcatalog/cli/options/flag_words.h"
#include "support/temp_folder.h"

namespace earthcatalog::cli {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

json ask(const std::string& name, const json& spec) {
  const auto answer = call(name, spec.dump(), {});
  EXPECT_FALSE(answer.error) << answer.error->message;
  return json::parse(answer.report);
}

Error refusal(const std::string& name, const std::string& spec, const CallOptions& options = {}) {
  const auto answer = call(name, spec, options);
  return answer.error.value_or(Error{.kind = ErrorKind::kIOError, .message = "no error"});
}

TEST(Calls, HaveNamesOfCommandsAndPhases) {
  const auto names = call_names();
  for (const auto* name : {"incremental", "index_build", "inspect_inventory", "stats", "phase:write_chunks"}) {
    EXPECT_THAT(names, Contains(name));
  }
  EXPECT_THAT(names, Not(Contains("cat"))) << "it prints, and has no report";
}

TEST(Calls, RefuseWhatThereIsNotWithTheNearestName) {
  EXPECT_THAT(refusal("incremantal", "{}").message, HasSubstr("did you mean incremental?"));
  const auto member = refusal("compact", R"({"dry_runs": true})");
  EXPECT_EQ(member.kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(member.message, HasSubstr("did you mean dry_run?"));
  EXPECT_EQ(refusal("compact", R"({"format": "text"})").kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(refusal("compact", R"({"storage_section": ""})").kind, ErrorKind::kInvalidArgument);
}

TEST(Calls, RefuseValuesInTheWordsOfSettings) {
  EXPECT_EQ(refusal("compact", "[]").message, "the spec of compact is no JSON object");
  EXPECT_THAT(refusal("compact", R"({"threshold": 0, "catalog": "c.db"})").message,
              HasSubstr("`threshold`: 0 is less"));
  EXPECT_THAT(refusal("compact", R"({"threshold": {}})").message, HasSubstr("`threshold`: {}"));
  EXPECT_THAT(refusal("compact", R"({"threshold": [2, 3]})").message, HasSubstr("`threshold` takes one value"));
  EXPECT_THAT(refusal("compact", "{}").message, HasSubstr("`catalog` is needed"));
}

TEST(Calls, RefuseStorageWithoutQuotingIt) {
  const CallOptions options{.storage = R"({"secret_key": "hunter2", "regoin": "x"})"};
  const auto error = refusal("info", R"({"catalog": "c.db"})", options);
  EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(error.message, HasSubstr("did you mean region?"));
  EXPECT_THAT(error.message, Not(HasSubstr("hunter2")));
}

TEST(Calls, GiveTheReportThatTheCommandPrints) {
  const testing_support::TempFolder folder;
  const auto made = ask("generate", {{"items", 20}, {"out", folder.path()}});
  ASSERT_EQ(made["items"], 20);
  const auto catalog = folder / "c.db";
  std::vector<std::string> stages;
  const CallOptions options{.hooks = {.progress = [&](const Progress& look) { stages.emplace_back(look.stage); }}};
  const json spec{{"catalog", catalog},
                  {"warehouse", folder / "wh"},
                  {"inventory", made["inventories"][0]},
                  {"source_root", made["source_root"]},
                  {"limit", nullptr},
                  {"no_lock", false}};
  const auto answer = call("incremental", spec.dump(), options);
  ASSERT_FALSE(answer.error) << answer.error->message;
  const auto report = json::parse(answer.report);
  EXPECT_EQ(report["written_items"], 20);
  EXPECT_EQ(report["status"], "ok");
  EXPECT_THAT(stages, Contains("commit"));

  const auto stats = ask("stats", {{"catalog", catalog}});
  EXPECT_EQ(stats["items"], 20);
  std::int64_t rows = 0, files = 0;
  for (const auto& partition : stats["partitions"]) {
    rows += partition["row_count"].get<std::int64_t>();
    files += partition["file_count"].get<std::int64_t>();
  }
  EXPECT_EQ(rows, report["rows"]);
  const auto listed = ask("files", {{"catalog", catalog}})["files"];
  EXPECT_EQ(std::ssize(listed), files);
  const auto& first = listed[0];
  const json year = first["year"].is_null() ? json("unknown") : first["year"];
  const auto some =
      ask("files", {{"catalog", catalog}, {"cell", {first["grid_partition"]}}, {"year", {year}}})["files"];
  ASSERT_EQ(some.size(), 1);
  EXPECT_EQ(some[0], first);
}

TEST(Calls, HandOutTheItemsOfASearchUntilNobodyTakesMore) {
  const testing_support::TempFolder folder;
  const auto made = ask("generate", {{"items", 20}, {"out", folder.path()}});
  const auto catalog = folder / "c.db";
  ask("incremental", {{"catalog", catalog},
                      {"warehouse", folder / "wh"},
                      {"inventory", made["inventories"][0]},
                      {"source_root", made["source_root"]}});
  std::string text;
  const auto all = call("search", json{{"catalog", catalog}, {"format", "ids"}}.dump(), {.data = [&](auto piece) {
                          text += piece;
                          return true;
                        }});
  ASSERT_FALSE(all.error) << all.error->message;
  EXPECT_EQ(std::ranges::count(text, '\n'), 20);
  EXPECT_EQ(json::parse(all.report)["items"], 20);

  int pieces = 0;
  const auto some = call("search", json{{"catalog", catalog}}.dump(), {.data = [&](auto) { return ++pieces < 4; }});
  ASSERT_FALSE(some.error) << some.error->message;
  EXPECT_EQ(pieces, 4);
  EXPECT_EQ(json::parse(some.report)["whole"], false);
}

TEST(Calls, EndAtAStop) {
  const testing_support::TempFolder folder;
  const auto made = ask("generate", {{"items", 20}, {"out", folder.path()}});
  const std::atomic<bool> stop{true};
  const json spec{{"catalog", folder / "c.db"},
                  {"warehouse", folder / "wh"},
                  {"inventory", made["inventories"][0]},
                  {"source_root", made["source_root"]}};
  const auto answer = call("incremental", spec.dump(), {.hooks = {.stop = &stop}});
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->kind, ErrorKind::kCancelled);
  EXPECT_EQ(json::parse(answer.report)["status"], "interrupted");
}

TEST(SettingsWords, AreTheFlagsWithUnderscoresInBackquotes) {
  EXPECT_EQ(in_settings("--h3-resolution 3: too fine, or --no-lock"), "`h3_resolution` 3: too fine, or `no_lock`");
  EXPECT_EQ(in_settings("a -- b --- c--"), "a -- b --- c--");
  EXPECT_EQ(in_flags(in_settings("pass --allow-pending")), "pass --allow-pending");
}

}  // namespace
}  // namespace earthcatalog::cli
