// What every store must do, whatever it is made of.
#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <numeric>
#include <thread>

#include "earthcatalog/storage/arrow_status.h"
#include "storage/any_store.h"

namespace earthcatalog::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761u) >> 13);
  return bytes;
}

class ConformanceTest : public AnyStoreTest {};

TEST_P(ConformanceTest, MissingIsAnAnswer) {
  EXPECT_EQ(get("missing"), std::nullopt);
  EXPECT_EQ(store().head(key("missing"))->has_value(), false);
  EXPECT_EQ(store().get_range(key("missing"), 0, 10)->has_value(), false);
  EXPECT_EQ(store().get_range(key("missing"), 0, 0)->has_value(), false);
  EXPECT_TRUE(store().remove(std::vector<std::string>{key("missing")}).has_value());
  EXPECT_THAT(list(""), IsEmpty());
  const auto input = store().open_input(key("missing"));
  ASSERT_FALSE(input.has_value());
  EXPECT_EQ(input.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(input.error().message, HasSubstr(store().uri(key("missing"))));
}

TEST_P(ConformanceTest, PutThenGetHeadAndList) {
  const TimeMicros before = system_now();
  const std::string bytes = std::string("zero\0byte", 9) + pattern(5000);
  const std::string etag = put("a/b.bin", bytes);
  const auto object = store().get(key("a/b.bin"));
  ASSERT_TRUE(object.has_value() && object->has_value());
  EXPECT_EQ((*object)->bytes, bytes);
  const auto head = *store().head(key("a/b.bin"));
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->key, key("a/b.bin"));
  EXPECT_EQ(head->size_bytes, 5009);
  EXPECT_FALSE(head->etag.empty());
  EXPECT_EQ(head->etag, etag);
  EXPECT_EQ((*object)->info.etag, etag);
  ASSERT_TRUE(head->last_modified.has_value());
  EXPECT_NEAR(static_cast<double>(*head->last_modified), static_cast<double>(before), 60e6);
  std::vector<ObjectInfo> listed;
  ASSERT_TRUE(store().list(key("a/"), [&](const ObjectInfo& info) -> Status {
    listed.push_back(info);
    return {};
  }));
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].size_bytes, 5009);
  EXPECT_EQ(listed[0].etag, etag);
  EXPECT_TRUE(listed[0].last_modified.has_value());
}

TEST_P(ConformanceTest, PutReplacesAndChangesTheEtag) {
  const std::string first = put("k", "one");
  const std::string second = put("k", "two");
  EXPECT_NE(first, second);
  EXPECT_EQ(get("k"), "two");
}

TEST_P(ConformanceTest, EmptyObject) {
  put("empty", "");
  EXPECT_EQ(get("empty"), "");
  EXPECT_EQ((*store().head(key("empty")))->size_bytes, 0);
  EXPECT_EQ(**store().get_range(key("empty"), 0, 10), "");
  EXPECT_EQ(**store().get_range(key("empty"), -10, 10), "");
  const auto input = store().open_input(key("empty"));
  ASSERT_TRUE(input.has_value()) << input.error().message;
  EXPECT_EQ(*(*input)->GetSize(), 0);
  EXPECT_EQ((*(*input)->ReadAt(0, 10))->size(), 0);
  EXPECT_THAT(list(""), ElementsAre("empty"));
}

TEST_P(ConformanceTest, Ranges) {
  put("k", "0123456789");
  const auto range = [&](std::int64_t offset, std::int64_t length) {
    const auto bytes = store().get_range(key("k"), offset, length);
    return bytes ? bytes->value_or("missing") : bytes.error().message;
  };
  EXPECT_EQ(range(0, 3), "012");
  EXPECT_EQ(range(4, 2), "45");
  EXPECT_EQ(range(8, 100), "89");
  EXPECT_EQ(range(8, INT64_MAX), "89");
  EXPECT_EQ(range(10, 5), "");
  EXPECT_EQ(range(1000, 5), "");
  EXPECT_EQ(range(3, 0), "");
  EXPECT_EQ(range(-4, 4), "6789");
  EXPECT_EQ(range(-4, 2), "67");
  EXPECT_EQ(range(-4, 100), "6789");
  EXPECT_EQ(range(-100, 3), "012");
}

TEST_P(ConformanceTest, KeysOfEveryKind) {
  std::vector<std::string> names = {
      "with space", "plus+sign",      "per%cent",  "per%20cent", "am&per=sand?#;", "quo\"te's",        "com,ma",
      "<xml>&amp;", "ünïcödé/日本語", "~tilde-._", "a..b/c...",  "brack[et]{s}",   "co:lon@at!$*()|^`"};
  names.push_back("new\nline\ttab");
  if (!is(Kind::kS3)) names.push_back("back\\slash");  // SeaweedFS takes it for a slash
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) put(name, "content of " + name);
  for (const std::string& name : names) {
    EXPECT_EQ(get(name), "content of " + name);
    EXPECT_TRUE(store().head(key(name))->has_value()) << name;
    EXPECT_THAT(list(name), ElementsAre(name));
    EXPECT_EQ(**store().get_range(key(name), -4, 4), ("content of " + name).substr(7 + name.size())) << name;
  }
  EXPECT_EQ(list(""), names);
  std::vector<std::string> keys;
  for (const std::string& name : names) keys.push_back(key(name));
  ASSERT_TRUE(store().remove(keys).has_value());
  EXPECT_THAT(list(""), IsEmpty());
}

TEST_P(ConformanceTest, ListIsInOrderOfBytesBelowThePrefix) {
  for (const char* name : {"a/b/c", "a/b", "ab", "a/c", "a/b.x", "a/bb/1", "b", "a/B"}) {
    if (std::string_view(name) == "a/b" && !is(Kind::kMemory)) continue;  // a file and a folder of one name
    put(name, "x");
  }
  const auto all = list("");
  EXPECT_TRUE(is(Kind::kS3) || std::is_sorted(all.begin(), all.end()));  // SeaweedFS sorts folder by folder
  EXPECT_EQ(all.size(), is(Kind::kMemory) ? 8u : 7u);
  EXPECT_EQ(list("a/bb"), std::vector<std::string>{"a/bb/1"});
  EXPECT_EQ(list("a/b/"), std::vector<std::string>{"a/b/c"});
  auto below_b = list("a/b");
  std::erase(below_b, "a/b");
  std::sort(below_b.begin(), below_b.end());
  EXPECT_EQ(below_b, (std::vector<std::string>{"a/b.x", "a/b/c", "a/bb/1"}));
  EXPECT_THAT(list("nothing/here"), IsEmpty());
  EXPECT_THAT(list("../"), IsEmpty());
}

TEST_P(ConformanceTest, ListStopsAtTheVisitorsError) {
  for (const char* name : {"1", "2", "3"}) put(name, "x");
  int visits = 0;
  const Status status = store().list(key(""), [&](const ObjectInfo&) -> Status {
    ++visits;
    return fail(ErrorKind::kCancelled, "enough");
  });
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(visits, 1);
}

TEST_P(ConformanceTest, ThousandsOfKeysAreListedAndRemoved) {
  constexpr int kCount = 2345;
  std::vector<std::string> names, keys;
  for (int i = 0; i < kCount; ++i) names.push_back(fmt::format("many/{:05}", i));
  for (const std::string& name : names) keys.push_back(key(name));
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < kCount; i += 8) EXPECT_TRUE(store().put(keys[static_cast<std::size_t>(i)], "x").has_value());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(list("many/"), names);
  EXPECT_EQ(list("many/010").size(), 100u);
  const std::string kept = keys.back();
  keys.back() = key("many/was never there");
  ASSERT_TRUE(store().remove(keys).has_value());
  EXPECT_EQ(list("many/"), std::vector<std::string>{names.back()});
}

TEST_P(ConformanceTest, OutputAppearsWholeWhenClosed) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{100'000}, std::size_t{17 << 20}}) {
    const std::string bytes = pattern(size);
    const std::string name = fmt::format("out/{}", size);
    auto output = store().open_output(key(name));
    ASSERT_TRUE(output.has_value()) << output.error().message;
    for (std::size_t done = 0; done < size; done += 1'234'567) {
      const std::size_t now = std::min<std::size_t>(1'234'567, size - done);
      ASSERT_TRUE((*output)->Write(bytes.data() + done, static_cast<std::int64_t>(now)).ok());
    }
    EXPECT_EQ(*(*output)->Tell(), static_cast<std::int64_t>(size));
    if (store().capabilities().atomic_put) {
      EXPECT_EQ(get(name), std::nullopt) << "visible before it is closed";
      EXPECT_THAT(list(name), IsEmpty());
    }
    ASSERT_TRUE((*output)->Close().ok());
    EXPECT_TRUE((*output)->Close().ok()) << "the second Close() does nothing";
    EXPECT_FALSE((*output)->Write("x", 1).ok());
    EXPECT_TRUE(get(name) == bytes) << size;
    EXPECT_THAT(list(name), ElementsAre(name));
  }
}

TEST_P(ConformanceTest, AbandonedOutputLeavesNothing) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{17 << 20}}) {
    const std::string bytes = pattern(size);
    {
      auto output = *store().open_output(key("abandoned"));
      ASSERT_TRUE(output->Write(bytes.data(), static_cast<std::int64_t>(size)).ok());
    }
    auto output = *store().open_output(key("aborted"));
    ASSERT_TRUE(output->Write(bytes.data(), static_cast<std::int64_t>(size)).ok());
    ASSERT_TRUE(output->Abort().ok());
  }
  EXPECT_THAT(list(""), IsEmpty());
  EXPECT_EQ(get("abandoned"), std::nullopt);
}

TEST_P(ConformanceTest, OutputReplacesOnlyWhenClosed) {
  put("k", "old");
  auto output = *store().open_output(key("k"));
  ASSERT_TRUE(output->Write("new", 3).ok());
  if (store().capabilities().atomic_put) {
    EXPECT_EQ(get("k"), "old");
  }
  ASSERT_TRUE(output->Close().ok());
  EXPECT_EQ(get("k"), "new");
}

TEST_P(ConformanceTest, RefusedMeansNothingIsReplaced) {
  const auto first = store().put(key("k"), "first", Existing::kRefuse);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_TRUE(first->stored);
  const auto second = store().put(key("k"), "second", Existing::kRefuse);
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_FALSE(second->stored);
  const auto same = store().put(key("k"), "first", Existing::kRefuse);
  EXPECT_FALSE(same->stored) << "the same bytes of another writer are another object";
  EXPECT_EQ(store().open_output(key("k"), Existing::kRefuse).error().kind, ErrorKind::kAlreadyExists);
  put("from", "copied");
  for (int i = 0; i < 2; ++i) {
    const auto copied = store().copy(key("from"), key("k"), Existing::kRefuse);
    EXPECT_EQ(copied.error().kind, ErrorKind::kAlreadyExists);
    EXPECT_THAT(copied.error().message, HasSubstr(store().uri(key("k"))));
    const auto to = fmt::format("new folder/{}", i);
    EXPECT_TRUE(store().copy(key("from"), key(to), Existing::kRefuse).value());
    EXPECT_EQ(get(to), "copied");
  }
  EXPECT_FALSE(store().copy(key("missing"), key("n"), Existing::kRefuse).value());
  EXPECT_EQ(get("n"), std::nullopt);
  EXPECT_EQ(get("k"), "first");
  EXPECT_TRUE(store().put(key("k"), "third")->stored);
  EXPECT_EQ(get("k"), "third");
}

TEST_P(ConformanceTest, CreateOnlyOutputFailsByCloseAtTheLatest) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{17 << 20}}) {
    const std::string name = fmt::format("out/{}", size), bytes = pattern(size);
    auto late = store().open_output(key(name), Existing::kRefuse);
    ASSERT_TRUE(late.has_value()) << late.error().message;
    ASSERT_TRUE((*late)->Write(bytes.data(), static_cast<std::int64_t>(size)).ok());
    if (!store().capabilities().conditional_put) {
      EXPECT_TRUE((*late)->Close().ok());
      continue;
    }
    put(name, "first");
    const auto status = (*late)->Close();
    EXPECT_EQ(from_arrow(status).kind, ErrorKind::kAlreadyExists);
    EXPECT_THAT(status.ToString(), HasSubstr(store().uri(key(name))));
    EXPECT_EQ(get(name), "first");
    EXPECT_THAT(list(name), ElementsAre(name));
  }
}

TEST_P(ConformanceTest, OneOfManyCreateOnlyWritersWins) {
  if (!store().capabilities().conditional_put) GTEST_SKIP() << "such a store looks before it writes";
  constexpr int kThreads = 6;
  for (const char* way : {"put", "small stream", "large stream", "copy"}) {
    const std::string name = way;
    // SeaweedFS looks, and then completes the upload. (AWS does both in one.)
    if (is(Kind::kS3) && name == "large stream") continue;
    std::barrier start(kThreads);
    std::atomic<int> winner = -1, winners = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        const auto mine = another();
        const std::string bytes = fmt::format("{}{}", std::string(name.starts_with("l") ? 9 << 20 : 9, 'x'), t);
        const std::string from = key(fmt::format("from {} {}", name, t));
        ASSERT_TRUE(mine->put(from, bytes).has_value());
        start.arrive_and_wait();
        bool stored = false;
        if (name == "put") {
          const auto result = mine->put(key(name), bytes, Existing::kRefuse);
          ASSERT_TRUE(result.has_value()) << result.error().message;
          stored = result->stored;
        } else if (name == "copy") {
          const auto result = mine->copy(from, key(name), Existing::kRefuse);
          ASSERT_TRUE(result.has_value() || result.error().kind == ErrorKind::kAlreadyExists) << result.error().message;
          stored = result.has_value();
        } else if (const auto output = mine->open_output(key(name), Existing::kRefuse)) {
          auto status = (*output)->Write(bytes.data(), static_cast<std::int64_t>(bytes.size()));
          if (status.ok()) status = (*output)->Close();
          ASSERT_TRUE(status.ok() || from_arrow(status).kind == ErrorKind::kAlreadyExists) << status.ToString();
          stored = status.ok();
        }
        if (stored) {
          ++winners;
          winner = t;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(winners, 1) << name;
    EXPECT_TRUE(get(name)->ends_with(fmt::format("x{}", winner.load()))) << name;
  }
}

TEST_P(ConformanceTest, CopiesAreIndependent) {
  const std::string from = "from/per%cent +ünï'&", bytes = std::string("zero\0", 5) + pattern(9 << 20);
  put(from, bytes);
  put("there", "old");
  for (const char* to : {"new folder/a+b", "there"}) {
    const auto copied = store().copy(key(from), key(to));
    ASSERT_TRUE(copied.has_value()) << copied.error().message;
    EXPECT_TRUE(*copied);
    EXPECT_NEAR(static_cast<double>((*store().head(key(to)))->last_modified.value()), static_cast<double>(system_now()),
                60e6);
    EXPECT_TRUE(get(to) == bytes) << to;
  }
  EXPECT_TRUE(get(from) == bytes);
  put(from, "changed");
  EXPECT_TRUE(get("there") == bytes);
  put("there", "changed too");
  EXPECT_TRUE(get("new folder/a+b") == bytes);
  ASSERT_TRUE(store().remove(std::vector<std::string>{key(from)}).has_value());
  EXPECT_TRUE(get("new folder/a+b") == bytes);
}

TEST_P(ConformanceTest, CopyOfAMissingObjectIsNotFound) {
  put("empty", "");
  EXPECT_TRUE(store().copy(key("empty"), key("copy")).value());
  EXPECT_EQ(get("copy"), "");
  EXPECT_FALSE(store().copy(key("missing"), key("b")).value());
  EXPECT_FALSE(store().copy(key("missing"), key("copy")).value());
  EXPECT_EQ(get("b"), std::nullopt);
  EXPECT_EQ(get("copy"), "");
}

TEST_P(ConformanceTest, InputReadsAnywhereFromManyThreads) {
  const std::string bytes = pattern(300'000);
  put("in", bytes);
  for (const bool knows_size : {false, true}) {
    auto opened = store().open_input(key("in"), knows_size ? std::optional<std::int64_t>(300'000) : std::nullopt);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    auto& input = **opened;
    EXPECT_EQ(*input.GetSize(), 300'000);
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 20; ++i) {
          const std::int64_t offset = (t * 7919 + i * 15'013) % 300'000;
          const auto buffer = input.ReadAt(offset, 5000);
          ASSERT_TRUE(buffer.ok()) << buffer.status().ToString();
          EXPECT_EQ((*buffer)->ToString(), bytes.substr(static_cast<std::size_t>(offset), 5000));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(input.Seek(0).ok());  // after ReadAt() the position is undefined
    EXPECT_EQ((*input.Read(4))->ToString(), bytes.substr(0, 4));
    EXPECT_EQ((*input.Read(4))->ToString(), bytes.substr(4, 4));
    ASSERT_TRUE(input.Seek(299'998).ok());
    EXPECT_EQ((*input.Read(10))->ToString(), bytes.substr(299'998));
    EXPECT_EQ(*input.Tell(), 300'000);
    EXPECT_EQ((*input.ReadAt(0, 300'000))->ToString(), bytes);
    EXPECT_TRUE(input.Close().ok());
    EXPECT_TRUE(input.closed());
  }
}

TEST_P(ConformanceTest, UrisAreFull) {
  EXPECT_THAT(store().uri("a/b c"), testing::EndsWith("/a/b c"));
  EXPECT_THAT(store().uri("k"), testing::ContainsRegex("^[a-z0-9]+://"));
  const auto empty = store().put("", "x");
  ASSERT_FALSE(empty.has_value());
  EXPECT_EQ(empty.error().kind, ErrorKind::kInvalidArgument);
}

TEST_P(ConformanceTest, DurableIsNoError) {
  put("k", "x");
  EXPECT_TRUE(store().make_durable().has_value());
  EXPECT_TRUE(store().make_durable().has_value());
}

INSTANTIATE_TEST_SUITE_P(Stores, ConformanceTest, testing::Values(Kind::kMemory, Kind::kLocal, Kind::kS3, Kind::kArrow),
                         name_of);

}  // namespace
}  // namespace earthcatalog::storage
