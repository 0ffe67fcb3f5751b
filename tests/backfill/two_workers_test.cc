// Two workers on one chunk, or on one task: one is first, the other learns what that one did, and no row is lost or
// doubled.
#include <chrono>
#include <functional>
#include <thread>

#include "backfill/phases_support.h"

namespace earthcatalog::backfill {
namespace {

using storage::Call;
using storage::Fault;

constexpr const char* kOne = "aaaaaaaa";
constexpr const char* kOther = "bbbbbbbb";

class TwoWorkers : public PhasesTest {
 protected:
  IngestChunkSpec chunk_of(const char* writer, std::int64_t number = 0, int attempt = 0) {
    auto spec = chunk(number);
    spec.writer = writer;
    spec.attempt = attempt;
    return spec;
  }

  // `late` comes to its marker, `key`, first, and is held up there until `first` is done.
  template <class Work>
  void overtake(const char* key, const Work& late, const Work& first) {
    world_->faults->add({.on = Call::kPut, .key_part = key, .effect = Fault::Effect::kDelay, .delay_seconds = 0.5});
    const auto before = world_->faults->disturbed();
    std::thread thread(late);
    while (world_->faults->disturbed() == before) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    first();
    thread.join();
  }

  const char* marker() const { return GetParam() == Shape::kStaged ? "_completed/chunk_" : "/ingest_stats.json"; }

  // The other phases, by one worker; then what the table must be.
  void finish() {
    for (std::int64_t n = 0; n < 2; ++n) ASSERT_TRUE(ingest_chunk(world_->stores, chunk_of(kOther, n), {}));
    const auto spec = head();
    for (const auto& task : plan(spec).tasks) ASSERT_TRUE(compact_group(world_->stores, task, {}));
    const auto done = register_and_cleanup(world_->stores, spec, {});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(world_->rows(), first_rows());
    EXPECT_THAT(world_->staged(), IsEmpty());
  }
};

TEST_P(TwoWorkers, OfOneChunkTheSecondReturnsTheReportOfTheFirst) {
  cut();
  std::string late, first;
  const auto ingest = [&](const char* writer, std::string& report) {
    const auto record = ingest_chunk(world_->stores, chunk_of(writer), {});
    ASSERT_TRUE(record) << record.error().message;
    report = to_json_text(*record);
  };
  overtake<std::function<void()>>(marker(), [&] { ingest(kOne, late); }, [&] { ingest(kOther, first); });
  EXPECT_THAT(first, HasSubstr(kOther));
  EXPECT_EQ(late, first);
  EXPECT_EQ(ingest_chunk(world_->stores, chunk_of(kOne), {})->writer, kOther);
  finish();
}

TEST_P(TwoWorkers, OfOneTaskTheSecondReturnsTheReportOfTheFirstAndRemovesItsFiles) {
  ingest_all();
  const auto spec = head();
  const auto tasks = plan(spec).tasks;
  std::string late, first;
  std::set<std::string> files_of_first;
  const auto compact = [&](std::string& report) {
    const auto done = compact_group(world_->stores, tasks[0], {});
    ASSERT_TRUE(done) << done.error().message;
    report = to_json_text(*done);
  };
  overtake<std::function<void()>>("compacted/task_000000_", [&] { compact(late); }, [&] { compact(first); });
  EXPECT_EQ(late, first);
  std::set<std::string> named;
  const auto report = parse_json<CompactTaskReport>(first, "the report");
  ASSERT_TRUE(report);
  for (const auto& file : report->data_files) named.insert("wh/" + file.path);
  EXPECT_EQ(world_->keys("wh/grid_partition="), named);
  finish();
}

TEST_P(TwoWorkers, AtTheSameTimeOnEverythingMakeTheTableOnce) {
  cut();
  const auto both = [&](const auto& work) {
    std::string reports[2];
    {
      const std::jthread one([&] { reports[0] = work(kOne); });
      const std::jthread other([&] { reports[1] = work(kOther); });
    }
    EXPECT_EQ(reports[0], reports[1]);
    EXPECT_THAT(reports[0], Not(IsEmpty()));
  };
  for (std::int64_t n = 0; n < 2; ++n) {
    both([&](const char* writer) {
      const auto record = ingest_chunk(world_->stores, chunk_of(writer, n), {});
      return record ? to_json_text(*record) : "";
    });
  }
  const auto spec = head();
  for (const auto& task : plan(spec).tasks) {
    both([&](const char*) {
      const auto report = compact_group(world_->stores, task, {});
      return report ? to_json_text(*report) : "";
    });
  }
  const auto done = register_and_cleanup(world_->stores, spec, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(world_->rows(), first_rows());
  EXPECT_EQ(std::ssize(world_->keys("wh/grid_partition=")), done->files);  // none is left that no snapshot names
  EXPECT_THAT(world_->staged(), IsEmpty());
}

// One is killed, or does not learn that it was heard; the other comes after it.
TEST_P(TwoWorkers, OnAChunkMayBeStoppedAtAnyCall) {
  for (const auto effect : {Fault::Effect::kFail, Fault::Effect::kLoseReply}) {
    for (int nth = 1, met = 1; met > 0; nth += 5) {
      world_ = std::make_unique<World>(GetParam());
      cut();
      world_->faults->add(
          {.nth = nth, .times = effect == Fault::Effect::kFail ? Fault::kForEver : 1, .effect = effect});
      const auto before = world_->faults->disturbed();
      (void)ingest_chunk(world_->stores, chunk_of(kOne), {});
      met = world_->faults->disturbed() - before;
      world_->faults->clear();
      finish();
      if (HasFailure()) FAIL() << "call " << nth;
    }
  }
}

TEST_P(TwoWorkers, OnATaskMayBeStoppedAtAnyCall) {
  for (int nth = 1, met = 1; met > 0; nth += 3) {
    world_ = std::make_unique<World>(GetParam());
    ingest_all();
    const auto tasks = plan(head()).tasks;
    world_->faults->add({.nth = nth, .times = Fault::kForEver});
    const auto before = world_->faults->disturbed();
    (void)compact_group(world_->stores, tasks[0], {});
    met = world_->faults->disturbed() - before;
    world_->faults->clear();
    finish();
    if (HasFailure()) FAIL() << "call " << nth;
  }
}

TEST_P(TwoWorkers, TheNextAttemptFetchesWhatTheFirstOnesWriterLeft) {
  cut();
  world_->sources->add(
      {.on = Call::kGetRange, .key_part = ".stac.json", .nth = 2, .error = {ErrorKind::kPermissionDenied, "refused"}});
  const auto first = ingest_chunk(world_->stores, chunk_of(kOne), {});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->pending, 1);
  const auto next = ingest_chunk(world_->stores, chunk_of(kOther, 0, 1), {});
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->source_items, 1);
  EXPECT_EQ(next->pending, 0);
  finish();
}

TEST_P(TwoWorkers, TheMarkerOfAnotherBackfillIsReplaced) {
  cut();
  ASSERT_TRUE(ingest_chunk(world_->stores, chunk_of(kOne), {}));
  const auto key = world_->staging().done({0, 0}).substr(std::string("memory://table/").size());
  auto marker = nlohmann::json::parse(world_->read(key));
  marker["started"] = 1;
  world_->overwrite(key, marker.dump());
  ASSERT_TRUE(ingest_chunk(world_->stores, chunk_of(kOther), {}));
  marker = nlohmann::json::parse(world_->read(key));
  EXPECT_EQ(marker["writer"], kOther);
  EXPECT_NE(marker["started"], 1);
  finish();
}

TEST_P(TwoWorkers, AWriterIsEightHexDigits) {
  cut();
  for (const char* writer : {"aaaaaaa", "AAAAAAAA", "aaaaaaaaa", "../../xx"}) {
    const auto error = error_of(ingest_chunk(world_->stores, chunk_of(writer), {}));
    EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(error.message, HasSubstr("writer of the chunk"));
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, TwoWorkers, testing::Values(Shape::kStaged, Shape::kDirect), name_of);

}  // namespace
}  // namespace earthcatalog::backfill
