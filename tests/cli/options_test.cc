#include "earthcatalog/cli/options.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "earthcatalog/cli/config_file.h"
#include "earthcatalog/cli/progress_line.h"
#include "earthcatalog/storage/s3_address.h"

namespace earthcatalog::cli {
namespace {

Environment environment_of(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

TEST(Options, ReadsSizes) {
  EXPECT_EQ(parse_bytes("768MiB"), std::int64_t{768} << 20);
  EXPECT_EQ(parse_bytes("1.5 GB"), std::int64_t{1'500'000'000});
  EXPECT_EQ(parse_bytes("4096"), 4096);
  for (const char* text : {"", "lots", "-1", "12 parsecs", "1e300"}) EXPECT_FALSE(parse_bytes(text)) << text;
}

TEST(Options, ReadsDurations) {
  EXPECT_EQ(parse_duration("15min"), 900);
  EXPECT_EQ(parse_duration("0s"), 0);
  EXPECT_EQ(parse_duration("2h"), 7200);
  EXPECT_FALSE(parse_duration("soon"));
}

TEST(Options, FlagsWinOverTheFileAndTheFileOverTheEnvironment) {
  const auto environment =
      environment_of({{"AWS_REGION", "env"}, {"AWS_ENDPOINT_URL", "http://env"}, {"AWS_REQUEST_PAYER", "requester"}});
  S3Flags flags;
  flags.section = "region: file\nendpoint: http://file\n";
  flags.region = "flag";
  const auto merged = storage_settings(flags, environment);
  ASSERT_TRUE(merged.has_value()) << merged.error().message;
  EXPECT_EQ(merged->s3.region, "flag");
  EXPECT_EQ(merged->s3.endpoint, "http://file");
  EXPECT_EQ(merged->s3.request_payer, true);
  EXPECT_EQ(merged->s3.anonymous, std::nullopt);
}

TEST(Options, EnvironmentWinsOverTheFilesOfAws) {
  const auto path = testing::TempDir() + "aws_config";
  std::ofstream(path) << "[profile p]\nregion = file\nendpoint_url = http://file\n";
  const auto merged = [&](std::map<std::string, std::string> more) {
    more.emplace("AWS_CONFIG_FILE", path);
    more.emplace("AWS_PROFILE", "p");
    return storage_settings({}, environment_of(more))->s3;
  };
  EXPECT_EQ(merged({}).region, "file");
  EXPECT_EQ(merged({}).endpoint, "http://file");
  EXPECT_EQ(merged({{"AWS_REGION", "env"}}).region, "env");
  EXPECT_EQ(merged({{"AWS_ENDPOINT_URL", "http://env"}}).endpoint, "http://env");
  EXPECT_EQ(merged({{"AWS_PROFILE", "another"}}).region, std::nullopt);
  EXPECT_EQ(merged({{"AWS_ENDPOINT_URL", "http://env"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}}).endpoint,
            std::nullopt);
}

TEST(Options, ReadsHowManyMayBeMissing) {
  EXPECT_EQ(parse_missing("100")->most, 100);
  EXPECT_EQ(parse_missing("0")->most, 0);
  EXPECT_EQ(parse_missing("5%")->most_share, 0.05);
  EXPECT_FALSE(parse_missing("")->most || parse_missing("")->most_share);
  for (const char* text : {"-1", "some", "0.5", "120%", "%"}) EXPECT_FALSE(parse_missing(text)) << text;
}

TEST(Options, ReadsSettingsOfOneBucket) {
  const auto settings = parse_storage("buckets:\n  its-live-data: {anonymous: true, region: us-west-2}\n", "c.yaml");
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->buckets.at("its-live-data").anonymous, true);
  EXPECT_EQ(settings->buckets.at("its-live-data").region, "us-west-2");
}

constexpr const char* kBucketOfItsOwn =
    "buckets:\n  own: {endpoint: http://file, region: file, profile: file, anonymous: false, "
    "request_payer: false}\n";

storage::S3Settings settings_of_own_bucket(S3Flags flags) {
  flags.section = kBucketOfItsOwn;
  const auto settings = storage_settings(flags, environment_of({}));
  EXPECT_TRUE(settings.has_value());
  return storage::settings_of("own", *settings);
}

TEST(Options, FlagsWinOverTheFilesSectionOfABucket) {
  S3Flags flags;
  flags.endpoint = "http://flag";
  flags.region = "flag";
  flags.profile = "flag";
  flags.request_payer = true;
  const auto settings = settings_of_own_bucket(flags);
  EXPECT_EQ(settings.endpoint, "http://flag");
  EXPECT_EQ(settings.region, "flag");
  EXPECT_EQ(settings.profile, "flag");
  EXPECT_EQ(settings.request_payer, true);
  EXPECT_EQ(settings.anonymous, false);
}

TEST(Options, TheFlagAnonymousWinsOverTheProfileOfABucket) {
  S3Flags flags;
  flags.anonymous = true;
  const auto settings = settings_of_own_bucket(flags);
  EXPECT_EQ(settings.anonymous, true);
  EXPECT_EQ(settings.region, "file");
}

TEST(Progress, AnEstimateSaysThatItIsOneAndNothingIsSaidOfWhatNobodyKnows) {
  pipeline::Progress progress{.settled = 1000, .total = 4000, .total_is_estimate = true, .seconds = 10};
  auto text = progress_text(progress);
  EXPECT_NE(text.find("1000 of about 4000"), std::string::npos) << text;
  EXPECT_NE(text.find("about 0:30 left"), std::string::npos) << text;
  progress.total = -1;
  text = progress_text(progress);
  EXPECT_NE(text.find("1000 items  100/s"), std::string::npos) << text;
  EXPECT_EQ(text.find("left"), std::string::npos) << text;
}

TEST(Progress, SaysRateAndTimeLeft) {
  pipeline::Progress progress;
  progress.stage = "fetch";
  progress.settled = 1000;
  progress.total = 4000;
  progress.seconds = 10;
  progress.missing = 2;
  const auto text = progress_text(progress);
  EXPECT_NE(text.find("1000 of 4000"), std::string::npos) << text;
  EXPECT_NE(text.find("100/s"), std::string::npos) << text;
  EXPECT_NE(text.find("0:30 left"), std::string::npos) << text;
  EXPECT_NE(text.find("2 missing"), std::string::npos) << text;
}

TEST(ProgressText, NamesWhatIsWaitedFor) {
  pipeline::Progress progress;
  EXPECT_EQ(progress_text(progress).find("wait"), std::string::npos);
  progress.waiting =
      fetch::Waiting{.objects = 17, .where = "s3://b/", .reason = "503 SlowDown", .tries = 3, .seconds = 8};
  EXPECT_NE(progress_text(progress).find("17 wait: s3://b/: 503 SlowDown (try 3, next in 8 s)"), std::string::npos);
}

}  // namespace
}  // namespace earthcatalog::cli
