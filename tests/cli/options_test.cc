#include "earthcatalog/cli/options.h"

#include <gtest/gtest.h>

#include <map>

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
  const auto config = parse_config("storage:\n  region: file\n  endpoint: http://file\n", "c.yaml");
  ASSERT_TRUE(config.has_value());
  S3Flags flags;
  flags.region = "flag";
  const auto merged = merge_storage(flags, *config, environment);
  EXPECT_EQ(merged.s3.region, "flag");
  EXPECT_EQ(merged.s3.endpoint, "http://file");
  EXPECT_EQ(merged.s3.request_payer, true);
  EXPECT_EQ(merged.s3.anonymous, std::nullopt);
}

TEST(Options, ReadsSettingsOfOneBucket) {
  const auto config =
      parse_config("storage:\n  buckets:\n    its-live-data: {anonymous: true, region: us-west-2}\n", "c.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->storage.buckets.at("its-live-data").anonymous, true);
  EXPECT_EQ(config->storage.buckets.at("its-live-data").region, "us-west-2");
}

constexpr const char* kBucketOfItsOwn =
    "storage:\n  buckets:\n    own: {endpoint: http://file, region: file, profile: file, anonymous: false, "
    "request_payer: false}\n";

storage::S3Settings settings_of_own_bucket(const S3Flags& flags) {
  const auto config = parse_config(kBucketOfItsOwn, "c.yaml");
  EXPECT_TRUE(config.has_value());
  return storage::settings_of("own", merge_storage(flags, *config, environment_of({})));
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

TEST(Options, AConfigurationThatMakesNoSenseNamesItsLine) {
  const std::map<std::string, std::string> cases = {{"catalog:\n  db_pth: x\n", "line 2"},
                                                    {"catlog: {}\n", "line 1"},
                                                    {"grid:\n  resolution: many\n", "line 2"},
                                                    {"ingest: 7\n", "line 1"},
                                                    {"catalog: [1, 2\n", "line"},
                                                    {"storage:\n  buckets: 3\n", "line 2"}};
  for (const auto& [yaml, expected] : cases) {
    const auto config = parse_config(yaml, "c.yaml");
    ASSERT_FALSE(config.has_value()) << yaml;
    EXPECT_EQ(config.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_NE(config.error().message.find(expected), std::string::npos) << config.error().message;
  }
}

TEST(Options, AnEmptyFileChangesNothing) { EXPECT_TRUE(parse_config("", "c.yaml").has_value()); }

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

}  // namespace
}  // namespace earthcatalog::cli
