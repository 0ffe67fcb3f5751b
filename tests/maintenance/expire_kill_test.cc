// expire ended at every step: the table can be read, and a rerun ends where an undisturbed run does.
#include "maintenance/maintenance_support.h"

namespace earthcatalog::maintenance {
namespace {

using storage::Call;
using storage::Fault;

maintenance::ExpireSpec spec_for(const Warehouse& warehouse, std::int64_t pid) {
  maintenance::ExpireSpec spec;
  spec.catalog = warehouse.options(pid);
  return spec;
}

// What is left, without the random parts of names.
struct Outcome {
  std::set<std::string> data_files;
  std::size_t snapshots = 0;
  std::int64_t live = 0, left_over = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome_of(Warehouse& warehouse, const maintenance::ExpireReport& report) {
  const auto total = report.total();
  return {.data_files = warehouse.data_files(),
          .snapshots = warehouse.table().metadata().snapshots.size(),
          .live = report.places[0].live.files,
          .left_over = total.not_removed.files + total.left.files};
}

// True while the fault still met a call.
bool kill_at(int nth, Fault::Effect effect, std::optional<Call> on, const Outcome& expected) {
  static int tables = 0;
  Warehouse warehouse(fmt::format("kill{}", tables++));
  const History history(warehouse);
  // From the nth call on nothing works any more; a lost reply happens first.
  warehouse.store->add({.on = on, .nth = nth, .times = 1, .effect = effect});
  warehouse.store->add({.nth = on ? Fault::kForEver : nth + 1, .times = Fault::kForEver});
  maintenance::ExpireReport report;
  [[maybe_unused]] const auto killed = maintenance::run_expire(warehouse.stores, spec_for(warehouse, 2), {}, report);
  expect_sums(report);
  const bool met = warehouse.store->disturbed() > 0;
  warehouse.store->clear();
  warehouse.expect_whole();

  catalog::living.erase(2);  // its lock is stale
  const auto again = maintenance::run_expire(warehouse.stores, spec_for(warehouse, 3), {}, report = {});
  EXPECT_TRUE(again) << again.error().message;
  expect_sums(report);
  warehouse.expect_whole();
  EXPECT_EQ(outcome_of(warehouse, report), expected) << "call " << nth;
  return met;
}

class ExpireKilled : public ::testing::Test {
 protected:
  void SetUp() override {
    Warehouse warehouse("undisturbed");
    const History history(warehouse);
    maintenance::ExpireReport report;
    ASSERT_TRUE(maintenance::run_expire(warehouse.stores, spec_for(warehouse, 2), {}, report));
    expected_ = outcome_of(warehouse, report);
  }
  void kill_at_every_call(Fault::Effect effect, std::optional<Call> on) {
    int calls = 0;
    while (kill_at(calls + 1, effect, on, expected_) && !HasFailure()) ++calls;
    EXPECT_GT(calls, 0);
    RecordProperty("calls", calls);
  }
  Outcome expected_;
};

TEST_F(ExpireKilled, BeforeAnyCall) { kill_at_every_call(Fault::Effect::kFail, std::nullopt); }
TEST_F(ExpireKilled, AfterAnyCall) { kill_at_every_call(Fault::Effect::kLoseReply, std::nullopt); }
TEST_F(ExpireKilled, OrARemovalFailsOnce) { kill_at_every_call(Fault::Effect::kFail, Call::kRemove); }
TEST_F(ExpireKilled, OrTheReplyToTheCommitIsLost) { kill_at_every_call(Fault::Effect::kLoseReply, Call::kPutIfMatch); }

}  // namespace
}  // namespace earthcatalog::maintenance
