#include "earthcatalog/storage/fault_store.h"

#include <arrow/io/interfaces.h>
#include <gmock/gmock.h>

#include "earthcatalog/storage/memory_store.h"

namespace earthcatalog::storage {
namespace {

using testing::HasSubstr;
using Effect = Fault::Effect;

class FaultStoreTest : public testing::Test {
 protected:
  std::shared_ptr<MemoryStore> inner_ = std::make_shared<MemoryStore>("m");
  FaultStore store_{inner_};
};

TEST_F(FaultStoreTest, FailsTheNthCallThatFits) {
  store_.add({.on = Call::kPut, .key_part = "data/", .nth = 2, .times = 2, .error = {ErrorKind::kUnavailable, "503"}});
  EXPECT_TRUE(store_.put("data/1", "x").has_value());
  EXPECT_TRUE(store_.put("other", "x").has_value());
  const auto failed = store_.put("data/2", "x");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(failed.error().message, HasSubstr("memory://m/data/2"));
  EXPECT_FALSE(store_.put("data/3", "x").has_value());
  EXPECT_TRUE(store_.put("data/4", "x").has_value());
  EXPECT_FALSE((*inner_->head("data/2")).has_value());
  EXPECT_EQ(store_.calls(Call::kPut), 5);
  EXPECT_EQ(store_.disturbed(), 2);
}

TEST_F(FaultStoreTest, LosesTheReplyOfWhatHappened) {
  store_.add({.on = Call::kPutIfAbsent, .effect = Effect::kLoseReply});
  EXPECT_FALSE(store_.put_if_absent("k", "x").has_value());
  EXPECT_EQ((*inner_->get("k"))->bytes, "x");
}

TEST_F(FaultStoreTest, CopiesFailByTheirTarget) {
  ASSERT_TRUE(store_.put("a", "1").has_value());
  store_.add({.on = Call::kCopy, .key_part = "b"});
  EXPECT_FALSE(store_.copy("a", "b").has_value());
  EXPECT_FALSE(store_.head("b")->has_value());
  EXPECT_TRUE(store_.copy("a", "b").value());
}

TEST_F(FaultStoreTest, TruncatesReadsAndWrites) {
  (void)inner_->put("k", "0123456789");
  store_.add({.on = Call::kGet, .effect = Effect::kTruncate, .keep_bytes = 4});
  EXPECT_EQ((*store_.get("k"))->bytes, "0123");
  EXPECT_EQ((*store_.get("k"))->bytes, "0123456789");
  store_.add({.on = Call::kPut, .effect = Effect::kTruncate, .keep_bytes = 1});
  EXPECT_TRUE(store_.put("k", "abc").has_value());
  EXPECT_EQ((*inner_->get("k"))->bytes, "a");
}

TEST_F(FaultStoreTest, StreamsFailAndLeaveNothing) {
  store_.add({.on = Call::kWrite, .nth = 2, .error = {ErrorKind::kIOError, "disk full"}});
  auto output = *store_.open_output("k");
  EXPECT_TRUE(output->Write("a", 1).ok());
  EXPECT_FALSE(output->Write("b", 1).ok());
  EXPECT_FALSE(output->Write("c", 1).ok()) << "broken for good";
  const auto closed = output->Close();
  EXPECT_THAT(closed.ToString(), HasSubstr("disk full"));
  EXPECT_FALSE((*inner_->head("k")).has_value());
  store_.add({.on = Call::kClose, .effect = Effect::kLoseReply});
  output = *store_.open_output("k");
  EXPECT_FALSE(output->Close().ok());
  EXPECT_TRUE((*inner_->head("k")).has_value());
}

TEST_F(FaultStoreTest, ACrashLastsUntilCleared) {
  store_.add({.nth = 3, .times = Fault::kForEver});
  EXPECT_TRUE(store_.put("1", "x").has_value());
  EXPECT_TRUE(store_.head("1").has_value());
  EXPECT_FALSE(store_.head("1").has_value());
  EXPECT_FALSE(store_.make_durable().has_value());
  store_.clear();
  EXPECT_TRUE(store_.head("1").has_value());
}

}  // namespace
}  // namespace earthcatalog::storage
