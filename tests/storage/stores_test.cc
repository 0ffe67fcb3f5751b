#include "earthcatalog/storage/stores.h"

#include <gmock/gmock.h>

#include "earthcatalog/storage/aws/credentials.h"
#include "earthcatalog/storage/s3/s3_request.h"
#include "support/temp_folder.h"

namespace earthcatalog::storage {
namespace {

using testing::HasSubstr;

StorageSettings anonymous() {
  StorageSettings settings;
  settings.s3.anonymous = true;
  return settings;
}

TEST(Stores, EveryKindOfUriLeadsToItsKey) {
  Stores stores(anonymous());
  for (const auto& [uri, key, back] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"/a/b c", "a/b c", "file:///a/b c"},
           {"file:///a/./b%20c", "a/b%20c", "file:///a/b%20c"},
           {"s3://bucket/a//b c", "a//b c", "s3://bucket/a//b c"},
           {"s3a://bucket/a/", "a/", "s3://bucket/a/"},
           {"memory://name/a", "a", "memory://name/a"},
           {"s3://bucket", "", "s3://bucket/"}}) {
    const auto location = stores.locate(uri);
    ASSERT_TRUE(location.has_value()) << location.error().message;
    EXPECT_EQ(location->key, key);
    EXPECT_EQ(location->uri(), back);
  }
}

TEST(Stores, OnePlaceIsOneStore) {
  Stores stores(anonymous());
  EXPECT_EQ(stores.locate("memory://a/1")->store, stores.locate("memory://a/2")->store);
  EXPECT_NE(stores.locate("memory://a/1")->store, stores.locate("memory://b/1")->store);
  EXPECT_EQ(*stores.s3_bucket("b"), *stores.s3_bucket("b"));
  EXPECT_EQ(stores.locate("/x")->store, stores.locate("file:///y/z")->store);
}

TEST(Stores, LocalPathsAreReadAndWritten) {
  const testing_support::TempFolder folder;
  Stores stores(anonymous());
  const auto location = stores.locate(folder / "a/b");
  ASSERT_TRUE(location->store->put(location->key, "x").has_value());
  const auto again = stores.locate("file://" + (folder / "a/b"));
  EXPECT_EQ((*again->store->get(again->key))->bytes, "x");
  EXPECT_TRUE(location->store->make_durable().has_value());
}

TEST(Stores, UnknownSchemeAndBadSettingsAreNamed) {
  Stores stores(anonymous());
  const auto ftp = stores.locate("ftp://host/x");
  ASSERT_FALSE(ftp.has_value());
  EXPECT_EQ(ftp.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(ftp.error().message, HasSubstr("ftp://"));
  StorageSettings settings = anonymous();
  settings.s3.endpoint = "localhost:9000";
  Stores wrong(settings);
  EXPECT_THAT(wrong.locate("s3://b/k").error().message, HasSubstr("http://"));
  EXPECT_FALSE(wrong.locate("s3://b/k").has_value()) << "also the second time";
}

TEST(Stores, GoogleAndAzureLackConditionalWrites) {
  Stores stores(anonymous());
  const auto location = stores.locate("gs://anonymous@bucket/a/b");
  ASSERT_TRUE(location.has_value()) << location.error().message;
  EXPECT_FALSE(location->store->capabilities().conditional_put);
  EXPECT_EQ(location->store->put_if_absent(location->key, "x").error().kind, ErrorKind::kUnsupported);
  const auto azure = stores.locate("abfs://container@account.dfs.core.windows.net/a/b");
  ASSERT_TRUE(azure.has_value()) << azure.error().message;
  EXPECT_EQ(azure->key, "a/b");
  EXPECT_EQ(azure->uri(), "abfs://container@account.dfs.core.windows.net/a/b");
}

// The chain must answer quickly where there is no metadata service, and end cleanly.
TEST(Credentials, TheAwsChainAnswers) {
  ::setenv("AWS_ACCESS_KEY_ID", "FROMENV", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
  const auto chain = make_aws_chain();
  const auto found = chain->credentials("", CredentialChain::Ask::kKept);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->access_key, "FROMENV");
  EXPECT_EQ(found->secret_key, "s");
  ::setenv("AWS_ACCESS_KEY_ID", "LATER", 1);
  EXPECT_EQ(chain->credentials("", CredentialChain::Ask::kKept)->access_key, "FROMENV");
  EXPECT_EQ(chain->credentials("", CredentialChain::Ask::kAnew)->access_key, "LATER");
  ::unsetenv("AWS_ACCESS_KEY_ID");
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
  ::setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
  ::setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
  EXPECT_FALSE(chain->credentials("", CredentialChain::Ask::kAnew)->found());
  const auto profile = chain->credentials("nobody", CredentialChain::Ask::kKept);
  ASSERT_FALSE(profile.has_value());
  EXPECT_THAT(profile.error().message, HasSubstr("AWS_PROFILE=nobody"));
}

// Ends the AWS SDK after the tests, as main() of the program does.
class EndAws : public testing::Environment {
 public:
  void TearDown() override { const S3Runtime runtime; }
};
const auto* const kEndAws = testing::AddGlobalTestEnvironment(new EndAws);

}  // namespace
}  // namespace earthcatalog::storage
