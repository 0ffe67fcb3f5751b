#include "earthcatalog/storage/http/trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "support/temp_folder.h"

namespace earthcatalog::storage {
namespace {

// Not certificates, but base64 of "xx Amazon Root CA 1 yy" and of "Another Root".
constexpr const char* kAmazon =
    "-----BEGIN CERTIFICATE-----\neHggQW1hem9uIFJvb3Qg\nQ0EgMSB5eQ==\n-----END CERTIFICATE-----\n";
constexpr const char* kOther = "-----BEGIN CERTIFICATE-----\nQW5vdGhlciBSb290\n-----END CERTIFICATE-----\n";

class TrustTest : public testing::Test {
 protected:
  std::string bundle(const std::string& text) {
    std::ofstream(folder_ / "bundle.pem") << text;
    return folder_ / "bundle.pem";
  }
  static std::string read(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  testing_support::TempFolder folder_;
};

TEST_F(TrustTest, CertificatesAreChosenByName) {
  const auto all = std::string("# comment\n") + kOther + "between\n" + kAmazon + kOther;
  EXPECT_EQ(certificates_naming(all, {"Amazon Root CA ", "Nobody"}), kAmazon);
  EXPECT_EQ(certificates_naming(all, {"Root"}), std::string(kOther) + kAmazon + kOther);
  EXPECT_EQ(certificates_naming(all, {"Nobody"}), "");
}

TEST_F(TrustTest, DamagedBundleHasNoCertificates) {
  EXPECT_EQ(certificates_naming("", {"x"}), "");
  EXPECT_EQ(certificates_naming("-----BEGIN CERTIFICATE-----\nQW5v", {"An"}), "");
  EXPECT_EQ(certificates_naming("-----BEGIN CERTIFICATE-----\n*?!\n-----END CERTIFICATE-----", {"An"}), "");
}

TEST_F(TrustTest, OnlyAmazonServersGetTheShortBundle) {
  const auto path = bundle(std::string(kOther) + kAmazon);
  Trust trust(path);
  const auto part = trust.for_url("https://b.s3.eu-west-1.amazonaws.com/key");
  ASSERT_NE(part.path, nullptr);
  EXPECT_TRUE(part.is_part);
  EXPECT_EQ(read(part.path), kAmazon);
  for (const auto* url :
       {"https://example.org/x.amazonaws.com", "https://evil-amazonaws.com/", "http://b.amazonaws.com/",
        "https://s3.amazonaws.com.evil.org/", "https://127.0.0.1:9000/b/k"}) {
    EXPECT_EQ(trust.for_url(url).path, path) << url;
    EXPECT_FALSE(trust.for_url(url).is_part);
  }
}

TEST_F(TrustTest, AwsVariableOutranksOtherBundleVariables) {
  using Variables = std::map<std::string, std::string>;
  const auto named = [](const Variables& variables) {
    return named_bundle([&](const char* name) -> std::optional<std::string> {
      const auto at = variables.find(name);
      return at == variables.end() ? std::nullopt : std::optional(at->second);
    });
  };
  Variables variables{{"AWS_CA_BUNDLE", "aws"}, {"CURL_CA_BUNDLE", "curl"}, {"SSL_CERT_FILE", "openssl"}};
  EXPECT_EQ(named(variables), "aws");
  variables.erase("AWS_CA_BUNDLE");
  EXPECT_EQ(named(variables), "curl");
  variables.erase("CURL_CA_BUNDLE");
  EXPECT_EQ(named(variables), "openssl");
  EXPECT_EQ(named({}), std::nullopt);
}

TEST_F(TrustTest, WidenedGivesTheWholeBundle) {
  const auto path = bundle(std::string(kOther) + kAmazon);
  Trust trust(path);
  trust.widen();
  EXPECT_EQ(trust.for_url("https://s3.amazonaws.com/b/k").path, path);
  EXPECT_FALSE(trust.for_url("https://s3.amazonaws.com/b/k").is_part);
}

TEST_F(TrustTest, WithoutABundleLibcurlDecides) {
  for (const auto& path : {std::string(), folder_ / "none.pem"}) {
    Trust trust(path);
    EXPECT_FALSE(trust.for_url("https://s3.amazonaws.com/b/k").is_part);
  }
  EXPECT_EQ(Trust("").for_url("https://s3.amazonaws.com/b/k").path, nullptr);
}

}  // namespace
}  // namespace earthcatalog::storage
