#include "earthcatalog/storage/aws/aws_files.h"

#include <gtest/gtest.h>

namespace earthcatalog::storage {
namespace {

constexpr std::string_view kConfig = R"([default]
region = eu-west-1

[profile minio]
services = local
region = here
endpoint_url = http://general:1
s3 =
  endpoint_url = http://nested:9
  region = nested

[services local]
sqs =
  endpoint_url = http://queue:2
s3 =
  endpoint_url = http://s3:3

[profile plain]
endpoint_url=http://plain:4

[profile obstinate]
endpoint_url = http://plain:4
ignore_configured_endpoint_urls = true
)";

StorageSettings filled(StorageSettings settings, const AwsProfileChoice& choice = {},
                       std::string_view credentials = "") {
  fill_from_profiles({.credentials = std::string(credentials), .config = std::string(kConfig)}, choice, settings);
  return settings;
}

StorageSettings with_profile(std::string profile) {
  StorageSettings settings;
  settings.s3.profile = std::move(profile);
  return settings;
}

TEST(AwsFiles, ProfileSaysEndpointAndRegion) {
  EXPECT_EQ(filled({}).s3.region, "eu-west-1");
  EXPECT_FALSE(filled({}).s3.endpoint);
  EXPECT_EQ(filled(with_profile("plain")).s3.endpoint, "http://plain:4");
  EXPECT_EQ(filled({}, {.profile = "plain"}).s3.endpoint, "http://plain:4");
  EXPECT_FALSE(filled(with_profile("nobody")).s3.region);
}

TEST(AwsFiles, EndpointOfTheServiceBeatsThatOfAllServices) {
  const auto s3 = filled(with_profile("minio")).s3;
  EXPECT_EQ(s3.endpoint, "http://s3:3");
  EXPECT_EQ(s3.region, "here");
}

TEST(AwsFiles, SettingsBeatTheFiles) {
  auto settings = with_profile("minio");
  settings.s3.endpoint = "http://given:5";
  settings.s3.region = "given";
  EXPECT_EQ(filled(settings).s3.endpoint, "http://given:5");
  EXPECT_EQ(filled(settings).s3.region, "given");
}

TEST(AwsFiles, EndpointsCanBeIgnored) {
  EXPECT_FALSE(filled(with_profile("obstinate")).s3.endpoint);
  EXPECT_FALSE(filled(with_profile("plain"), {.endpoints = false}).s3.endpoint);
}

TEST(AwsFiles, CredentialsFileBeatsTheConfigFile) {
  EXPECT_EQ(filled({}, {}, "[default]\nregion = us-west-2\n").s3.region, "us-west-2");
}

TEST(AwsFiles, BucketWithItsOwnProfileFollowsThat) {
  StorageSettings settings;
  settings.buckets["b"].profile = "plain";
  settings.buckets["c"].region = "there";
  const auto result = filled(settings);
  EXPECT_EQ(result.buckets.at("b").endpoint, "http://plain:4");
  EXPECT_FALSE(result.buckets.at("c").endpoint);
  EXPECT_EQ(result.buckets.at("c").region, "there");
}

}  // namespace
}  // namespace earthcatalog::storage
