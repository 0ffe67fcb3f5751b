#include "earthcatalog/config/storage_settings.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <utility>

#include "earthcatalog/config/config_file.h"
#include "earthcatalog/storage/s3/s3_address.h"

namespace earthcatalog::config {
namespace {

Environment environment_of(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

TEST(StorageSettings, RequestWinsOverTheFileAndTheFileOverTheEnvironment) {
  const auto environment =
      environment_of({{"AWS_REGION", "env"}, {"AWS_ENDPOINT_URL", "http://env"}, {"AWS_REQUEST_PAYER", "requester"}});
  StorageRequest request;
  request.section = "region: file\nendpoint: http://file\n";
  request.region = "request";
  const auto merged = storage_settings(request, environment);
  ASSERT_TRUE(merged.has_value()) << merged.error().message;
  EXPECT_EQ(merged->s3.region, "request");
  EXPECT_EQ(merged->s3.endpoint, "http://file");
  EXPECT_EQ(merged->s3.request_payer, true);
  EXPECT_EQ(merged->s3.anonymous, std::nullopt);
}

TEST(StorageSettings, EnvironmentWinsOverTheFilesOfAws) {
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

TEST(StorageSettings, ReadsSettingsOfOneBucket) {
  const auto settings = parse_storage("buckets:\n  its-live-data: {anonymous: true, region: us-west-2}\n", "c.yaml");
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->buckets.at("its-live-data").anonymous, true);
  EXPECT_EQ(settings->buckets.at("its-live-data").region, "us-west-2");
}

constexpr const char* kBucketOfItsOwn =
    "buckets:\n  own: {endpoint: http://file, region: file, profile: file, anonymous: false, "
    "request_payer: false}\n";

storage::S3Settings settings_of_own_bucket(StorageRequest request) {
  request.section = kBucketOfItsOwn;
  const auto settings = storage_settings(request, environment_of({}));
  EXPECT_TRUE(settings.has_value());
  return storage::settings_of("own", *settings);
}

TEST(StorageSettings, RequestWinsOverTheFilesSectionOfABucket) {
  StorageRequest request;
  request.endpoint = "http://request";
  request.region = "request";
  request.profile = "request";
  request.request_payer = true;
  const auto settings = settings_of_own_bucket(request);
  EXPECT_EQ(settings.endpoint, "http://request");
  EXPECT_EQ(settings.region, "request");
  EXPECT_EQ(settings.profile, "request");
  EXPECT_EQ(settings.request_payer, true);
  EXPECT_EQ(settings.anonymous, false);
}

TEST(StorageSettings, AnonymousWinsOverTheProfileOfABucket) {
  StorageRequest request;
  request.anonymous = true;
  const auto settings = settings_of_own_bucket(request);
  EXPECT_EQ(settings.anonymous, true);
  EXPECT_EQ(settings.region, "file");
}

}  // namespace
}  // namespace earthcatalog::config
