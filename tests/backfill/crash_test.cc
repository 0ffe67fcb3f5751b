// Runs and phases that are stopped at any use of a store, and begun again: the table is that of an undisturbed run.
#include "backfill/backfill_support.h"

namespace earthcatalog::backfill {
namespace {

using Effect = storage::Fault::Effect;

// Of some 350 calls: each test begins at another one.
constexpr int kStride = 7;

storage::Fault stop_at(int nth) { return {.nth = nth, .times = storage::Fault::kForEver}; }
storage::Fault lose_reply_of(int nth) { return {.nth = nth, .effect = Effect::kLoseReply}; }

class Crash : public testing::TestWithParam<Shape> {
 protected:
  // `attempt` is one process; `prepare` is never disturbed. How many crash points there were.
  static int at_every_point(storage::Fault (*fault)(int), int first, const std::function<void(World&)>& prepare,
                            const std::function<Status(World&)>& attempt, const Rows& expected) {
    for (int nth = first, points = 0;; nth += kStride, ++points) {
      World world(GetParam());
      prepare(world);
      world.faults->add(fault(nth));
      const auto before = world.faults->disturbed();
      const auto disturbed = attempt(world);
      const bool met = world.faults->disturbed() > before;
      world.faults->clear();
      const auto again = met ? attempt(world) : disturbed;
      EXPECT_TRUE(again) << "call " << nth << ": " << again.error().message
                         << "\nat first: " << (disturbed ? "no error" : disturbed.error().message);
      EXPECT_EQ(world.rows(), expected) << "call " << nth;
      EXPECT_THAT(world.staged(), testing::IsEmpty()) << "call " << nth;
      if (!met || testing::Test::HasFailure()) return points;
    }
  }

  static void nothing(World&) {}
  static Status backfill(World& world) { return world.run(world.spec()); }
  static Status phases(World& world) { return world.run_phases(world.head()); }
  static Status delta(World& world) {
    auto spec = world.spec("second");
    spec.delta = true;
    return world.run(spec);
  }
  static void a_table(World& world) { ASSERT_TRUE(backfill(world)); }
  static void a_pending_object(World& world) {
    world.sources->add({.on = storage::Call::kGetRange,
                        .key_part = ".stac.json",
                        .nth = 7,
                        .error = {ErrorKind::kPermissionDenied, "refused"}});
    ASSERT_TRUE(backfill(world));
    ASSERT_EQ(world.report.pending, 1);
  }
  static Status retry(World& world) {
    auto spec = world.spec();
    spec.retry_pending = true;
    return world.run(spec);
  }
  static Status retry_without_inventory(World& world) {
    auto spec = world.spec();
    spec.retry_pending = spec.skip_inventory = true;
    return world.run(spec);
  }
};

TEST_P(Crash, OfABackfillIsTakenUp) { EXPECT_GT(at_every_point(stop_at, 1, nothing, backfill, first_rows()), 10); }

TEST_P(Crash, AReplyThatABackfillDoesNotGetIsNoLoss) {
  EXPECT_GT(at_every_point(lose_reply_of, 4, nothing, backfill, first_rows()), 10);
}

TEST_P(Crash, OfPhasesIsTakenUp) { EXPECT_GT(at_every_point(stop_at, 2, nothing, phases, first_rows()), 10); }

TEST_P(Crash, AReplyThatAPhaseDoesNotGetIsNoLoss) {
  EXPECT_GT(at_every_point(lose_reply_of, 5, nothing, phases, first_rows()), 10);
}

TEST_P(Crash, OfADeltaIsTakenUp) { EXPECT_GT(at_every_point(stop_at, 3, a_table, delta, upserted_rows()), 10); }

TEST_P(Crash, AReplyThatADeltaDoesNotGetIsNoLoss) {
  EXPECT_GT(at_every_point(lose_reply_of, 6, a_table, delta, upserted_rows()), 10);
}

TEST_P(Crash, OfARetryIsTakenUp) { EXPECT_GT(at_every_point(stop_at, 4, a_pending_object, retry, first_rows()), 10); }

TEST_P(Crash, AReplyThatARetryDoesNotGetIsNoLoss) {
  EXPECT_GT(at_every_point(lose_reply_of, 1, a_pending_object, retry, first_rows()), 10);
}

// The last calls are those of the clean-up, one by one.
TEST_P(Crash, AtTheEndOfARetryIsTakenUp) {
  for (const auto& attempt : {retry, retry_without_inventory}) {
    int calls = 0;
    {
      World world(GetParam());
      a_pending_object(world);
      world.faults->add({.times = storage::Fault::kForEver, .effect = Effect::kDelay});
      ASSERT_TRUE(attempt(world));
      calls = world.faults->disturbed();
    }
    for (int nth = calls; nth > calls - 12; --nth) {
      for (const auto fault : {stop_at, lose_reply_of}) {
        World world(GetParam());
        a_pending_object(world);
        world.faults->add(fault(nth));
        (void)attempt(world);
        world.faults->clear();
        const auto again = attempt(world);
        ASSERT_TRUE(again) << nth << " of " << calls << ": " << again.error().message;
        ASSERT_EQ(world.rows(), first_rows()) << nth << " of " << calls;
        ASSERT_THAT(world.staged(), testing::IsEmpty()) << nth << " of " << calls;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Crash, testing::Values(Shape::kStaged, Shape::kDirect), name_of);

}  // namespace
}  // namespace earthcatalog::backfill
