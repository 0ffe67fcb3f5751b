#include "earthcatalog/cli/options/options.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "earthcatalog/cli/output/progress_line.h"

namespace earthcatalog::cli {
namespace {

TEST(Options, ReadsHowManyMayBeMissing) {
  EXPECT_EQ(parse_missing("100")->most, 100);
  EXPECT_EQ(parse_missing("0")->most, 0);
  EXPECT_EQ(parse_missing("5%")->most_share, 0.05);
  EXPECT_FALSE(parse_missing("")->most || parse_missing("")->most_share);
  for (const char* text : {"-1", "some", "0.5", "120%", "%"}) EXPECT_FALSE(parse_missing(text)) << text;
}

constexpr std::size_t kWide = 200;

TEST(Progress, MarksEstimatesAndOmitsUnknownTotals) {
  Progress progress{.settled = 1000, .total = 4000, .total_is_estimate = true, .seconds = 10, .stage = "fetch"};
  auto text = progress_text(progress, kWide);
  EXPECT_NE(text.find("fetch: 1000 of about 4000 items"), std::string::npos) << text;
  EXPECT_NE(text.find("about 0:30 left"), std::string::npos) << text;
  progress.total = -1;
  text = progress_text(progress, kWide);
  EXPECT_NE(text.find("1000 items  100/s"), std::string::npos) << text;
  EXPECT_EQ(text.find("left"), std::string::npos) << text;
}

TEST(Progress, SaysRateAndTimeLeft) {
  Progress progress{.settled = 1000, .missing = 2, .total = 4000, .seconds = 10, .stage = "fetch"};
  const auto text = progress_text(progress, kWide);
  EXPECT_NE(text.find("1000 of 4000"), std::string::npos) << text;
  EXPECT_NE(text.find("100/s"), std::string::npos) << text;
  EXPECT_NE(text.find("0:30 left"), std::string::npos) << text;
  EXPECT_NE(text.find("2 missing"), std::string::npos) << text;
}

TEST(Progress, NamesWhatIsWaitedFor) {
  Progress progress;
  EXPECT_EQ(progress_text(progress, kWide).find("wait"), std::string::npos);
  progress.waiting = RetryWait{.objects = 17, .where = "s3://b/", .reason = "503 SlowDown", .tries = 3, .seconds = 8};
  EXPECT_NE(progress_text(progress, kWide).find("17 wait: s3://b/: 503 SlowDown (try 3, next in 8 s)"),
            std::string::npos);
}

TEST(Progress, RateLeavesOutWorkOfEarlierRuns) {
  const Progress progress{
      .settled = 3000, .before = 1500, .unchanged = 500, .total = 6000, .seconds = 10, .stage = "fetch"};
  const auto text = progress_text(progress, kWide);
  EXPECT_NE(text.find("  100/s"), std::string::npos) << text;
  EXPECT_NE(text.find("0:20 left"), std::string::npos) << text;
}

TEST(Progress, NoRateBeforeItMeansSomething) {
  const auto text = progress_text({.settled = 1537, .total = 4000, .seconds = 1e-5, .stage = "fetch"}, kWide);
  EXPECT_EQ(text.find("/s"), std::string::npos) << text;
}

TEST(Progress, FitsTheWidthWhateverItIs) {
  const Progress progress{.settled = 43'000'000,
                          .committed = 42'000'000,
                          .missing = 1000,
                          .pending = 20'000,
                          .held_bytes = std::int64_t{768} << 20,
                          .total = 1'000'000'000,
                          .total_is_estimate = true,
                          .seconds = 3600,
                          .stage = "fetch"};
  for (std::size_t width = 1; width < kWide; ++width) EXPECT_LE(progress_text(progress, width).size(), width);
  EXPECT_EQ(progress_text(progress, 40).find("fetch: 43000000 of about 1000000000"), 0U);
}

// A progress line, and what it wrote.
struct Watched {
  explicit Watched(bool terminal, double every_seconds = 0.02)
      : line(
            {.terminal = terminal,
             .every_seconds = every_seconds,
             .width = [] { return std::size_t{40}; },
             .write =
                 [this](const std::string& text) {
                   const std::lock_guard lock(mutex);
                   written += text;
                 },
             .line_of = [this](const Progress& progress, TimeMicros time) { return log.progress_line(progress, time); },
             .clock = [] { return TimeMicros{1'772'323'200'500'000}; }}) {}

  // Waits until something with `part` was written.
  bool writes(const std::string& part) {
    for (int i = 0; i < 1000; ++i) {
      {
        const std::lock_guard lock(mutex);
        if (written.find(part) != std::string::npos) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  Log log;
  std::mutex mutex;
  std::string written;
  ProgressLine line;
};

TEST(ProgressLine, KeepsTickingWithoutUpdates) {
  Watched watched(true);
  watched.line.show({.stage = "write"});
  EXPECT_TRUE(watched.writes("\r\x1b[Kwrite  0:00"));
  EXPECT_TRUE(watched.writes("\r\x1b[Kwrite  0:01"));
}

TEST(ProgressLine, WritesTimestampedLinesWhereNoTerminalIs) {
  Watched watched(false);
  watched.line.show({.settled = 5, .total = 9, .stage = "merge", .unit = "buckets"});
  EXPECT_TRUE(watched.writes("2026-03-01T00:00:00Z merge: 5 of 9 buckets"));
  EXPECT_EQ(watched.written.find('\r'), std::string::npos);
}

TEST(Log, ProgressInJsonHasAllCounts) {
  Log log;
  CLI::App app;
  log.add(app);
  app.parse("--log-format json");
  const Progress progress{.settled = 5, .missing = 2, .seconds = 1.5, .stage = "fetch", .unit = "items"};
  const auto line = log.progress_line(progress, 1'772'323'200'500'000);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["time"], "2026-03-01T00:00:00.5Z");
  EXPECT_EQ(json["event"], "progress");
  EXPECT_EQ(json["settled"], 5);
  EXPECT_EQ(json["missing"], 2);
  EXPECT_TRUE(json["total"].is_null());
  EXPECT_EQ(json["message"], progress_text(progress, kWide));
}

TEST(ProgressLine, LinesGoAboveTheOneThatIsRewritten) {
  Watched watched(true);
  watched.line.show({.stage = "write"});
  ASSERT_TRUE(watched.writes("\r\x1b[Kwrite"));
  watched.line.write_above("a line\n");
  EXPECT_TRUE(watched.writes("\r\x1b[Ka line\n"));
}

TEST(ProgressLine, IsQuietInAShortRunWithoutTerminal) {
  Watched watched(false, 3600);
  watched.line.show({.settled = 5, .total = 9, .stage = "merge"});
  EXPECT_EQ(watched.written, "");
}

TEST(ProgressMeter, TellsWhatSeveralThreadsCount) {
  Progress last;
  ProgressFunction tell = [&](const Progress& progress) { last = progress; };
  {
    ProgressMeter meter(tell, {.total = 400, .stage = "merge", .unit = "files"});
    EXPECT_EQ(last.total, 400);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 100; ++n) {
          meter.add();
          std::this_thread::sleep_for(std::chrono::milliseconds(4));
        }
      });
    }
  }
  EXPECT_GT(last.settled, 0);
  EXPECT_LE(last.settled, 400);
  EXPECT_STREQ(last.unit, "files");
}

}  // namespace
}  // namespace earthcatalog::cli
