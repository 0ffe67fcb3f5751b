// Specs of phases as JSON: what they mean comes back, what nobody knows is refused.
#include <gmock/gmock.h>

#include <functional>
#include <set>
#include <string>

#include "earthcatalog/backfill/phase.h"
#include "earthcatalog/backfill/phases/coordinator_phases.h"
#include "earthcatalog/backfill/phases/ingest_chunk.h"
#include "earthcatalog/backfill/phases/write_chunks.h"

namespace earthcatalog::backfill {
namespace {

using testing::HasSubstr;

CompactTaskSpec some_task() {
  CompactTaskSpec spec{.staging = "file:///s", .warehouse = "file:///w", .run_id = "a", .task = 1};
  StagedGroup group{.partition = {"81f0bffffffffff", std::nullopt}, .files = {}, .dropped = {}, .removals = {}};
  group.files = {{.attempt = {3, 1, "5f0c9b1e"}, .number = {.spill = 1, .file = 2}, .rows = 2, .bytes = 50, .items = 2},
                 {.attempt = {4, 0}, .number = {}, .rows = 1, .bytes = 20, .items = 1, .form = PartForm::kSame}};
  group.dropped = {{.spill = {{3, 1}, 1}, .object = {1, 2}, .identity = {3, 4}}};
  group.removals = {{5, 6}};
  spec.groups = {group};
  spec.schema = "0123456789abcdef";
  return spec;
}

TEST(Spec, ATaskComesBackFromItsText) {
  const auto text = to_json_text(some_task());
  const auto task = parse_json<CompactTaskSpec>(text, "the spec");
  ASSERT_TRUE(task) << task.error().message;
  EXPECT_EQ(to_json_text(*task), text);
  const auto& group = task->groups.at(0);
  EXPECT_EQ(group.partition, some_task().groups[0].partition);
  EXPECT_EQ(group.files.at(0).number, (FileNumber{.spill = 1, .file = 2}));
  EXPECT_EQ(group.files.at(0).attempt, (Attempt{.chunk = 3, .number = 1, .writer = "5f0c9b1e"}));
  EXPECT_EQ(group.files.at(1).form, PartForm::kSame);
  EXPECT_EQ(group.dropped.at(0).spill, (Spill{.attempt = {3, 1}, .number = 1}));
  EXPECT_EQ(group.removals, some_task().groups[0].removals);
}

TEST(Spec, AGroupNamesItsMembers) {
  auto group = some_task().groups[0];
  EXPECT_EQ(nlohmann::json(group.files[1]).dump(), R"({"bytes":20,"chunk":4,"form":"same","items":1,"rows":1})");
  group.files = {group.files[1]};
  group.dropped.clear();
  group.removals.clear();
  group.partition.year = 2020;
  EXPECT_EQ(nlohmann::json(group).dump(),
            R"({"cell":"81f0bffffffffff","files":[{"bytes":20,"chunk":4,"form":"same","items":1,"rows":1}],)"
            R"("year":2020})");
}

// Adds a member to each object of `whole` in turn: `read` refuses it by its name.
void expect_strict(const nlohmann::json& whole, const std::function<Status(const std::string&)>& read) {
  std::set<std::string> objects{""};
  const auto flat = whole.flatten();
  for (const auto& [path, value] : flat.items()) {
    for (nlohmann::json::json_pointer at(path); !at.empty(); at = at.parent_pointer()) {
      if (whole.at(at.parent_pointer()).is_object()) objects.insert(at.parent_pointer().to_string());
    }
  }
  for (const auto& at : objects) {
    auto changed = whole;
    changed[nlohmann::json::json_pointer(at)]["chunk_sise"] = 1;
    const auto status = read(changed.dump());
    ASSERT_FALSE(status) << at;
    EXPECT_EQ(status.error().kind, ErrorKind::kInvalidData);
    EXPECT_THAT(status.error().message, HasSubstr("there is no member \"chunk_sise\"")) << at;
  }
}

template <class Spec>
Status read(const std::string& text) {
  EC_TRY(parse_json<Spec>(text, "the spec"));
  return {};
}

TEST(Spec, AMemberThatNobodyKnowsIsRefusedByItsName) {
  expect_strict(some_task(), read<CompactTaskSpec>);
  expect_strict(CoordinatorSpec(), read<CoordinatorSpec>);
  expect_strict(IngestChunkSpec(), read<IngestChunkSpec>);
  expect_strict(WriteChunksSpec(), read<WriteChunksSpec>);
  expect_strict(CleanupSpec(), read<CleanupSpec>);
}

TEST(Spec, WhatHasNoMembersOrOtherTypesIsRefused) {
  for (const char* text : {"", "[]", "3", R"({"chunk":"one"})", R"({"workers":[]})"}) {
    const auto spec = parse_json<IngestChunkSpec>(text, "the spec");
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error().kind, ErrorKind::kInvalidData);
    EXPECT_THAT(spec.error().message, HasSubstr("the spec is not what it should be"));
    EXPECT_THAT(spec.error().message, testing::Not(HasSubstr("json.exception")));
  }
}

TEST(Spec, AMemberThatIsNotThereKeepsItsDefault) {
  const auto spec = parse_json<IngestChunkSpec>(R"({"staging":"s","chunk":3})", "the spec");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->chunk, 3);
  EXPECT_EQ(spec->fetch_concurrency, 256);
  EXPECT_EQ(spec->source_root, "s3://");
}

TEST(Spec, EveryPhaseRefusesAMemberThatItDoesNotKnow) {
  storage::Stores stores{storage::StorageSettings{}};
  for (const auto name : phase_names()) {
    const auto report = run_phase(stores, name, R"({"stagging":"x"})", {});
    ASSERT_FALSE(report) << name;
    EXPECT_EQ(report.error().kind, ErrorKind::kInvalidArgument) << name;
    EXPECT_THAT(report.error().message, HasSubstr("there is no member \"stagging\"; there are ")) << name;
  }
}

TEST(Spec, APhaseThatDoesNotExistIsToldTheNamesOfThoseThatDo) {
  storage::Stores stores{storage::StorageSettings{}};
  const auto report = run_phase(stores, "compact", "{}", {});
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("compact_group"));
}

}  // namespace
}  // namespace earthcatalog::backfill
