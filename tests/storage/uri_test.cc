#include "earthcatalog/storage/uri.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "earthcatalog/storage/stores.h"

namespace earthcatalog::storage {
namespace {

std::string normal(std::string_view text) { return normalize_uri(text).value_or("error"); }

TEST(Uri, LocalPathsBecomeAbsoluteFileUris) {
  EXPECT_EQ(normal("/a/b"), "file:///a/b");
  EXPECT_EQ(normal("/a/./c/../b//"), "file:///a/b");
  EXPECT_EQ(normal("/../a"), "file:///a");
  EXPECT_EQ(normal("/"), "file:///");
  EXPECT_EQ(normal("x/y"), "file://" + (std::filesystem::current_path() / "x/y").native());
  EXPECT_EQ(normal("/with space/100%/ä#?"), "file:///with space/100%/ä#?");
}

TEST(Uri, FileUrisAreDecodedOnceWhenNormalized) {
  EXPECT_EQ(normal("file:///a%20b/c%2B+d/"), "file:///a b/c++d");
  EXPECT_EQ(normal("file://localhost/a"), "file:///a");
  EXPECT_FALSE(normalize_uri("file:///100%/x").has_value());
  const auto host = normalize_uri("file://server/a");
  ASSERT_FALSE(host.has_value());
  EXPECT_EQ(host.error().kind, ErrorKind::kInvalidArgument);
}

TEST(Uri, OtherUrisLoseOnlyTheirLastSlashes) {
  EXPECT_EQ(normal("s3://b/k/../x%20/a//b/"), "s3://b/k/../x%20/a//b");
  EXPECT_EQ(normal("s3://b/"), "s3://b");
  EXPECT_EQ(normal("S3A://b/k"), "s3://b/k");
  EXPECT_FALSE(normalize_uri("s3:///k").has_value());
  EXPECT_FALSE(normalize_uri("").has_value());
}

TEST(Uri, PathWithColonIsNoUri) {
  EXPECT_EQ(normal("/a:b/c"), "file:///a:b/c");
  EXPECT_EQ(normal("/x://y"), "file:///x:/y");
}

TEST(Uri, PartsStayLiteral) {
  const auto uri = parse_uri("file:///a%20b/");
  ASSERT_TRUE(uri.has_value());
  EXPECT_EQ(uri->path, "a%20b/");
  EXPECT_EQ(parse_uri("s3://b/a+b%20//c")->path, "a+b%20//c");
}

TEST(Uri, JoinPutsOneSlash) {
  EXPECT_EQ(join_uri("s3://b", "k"), "s3://b/k");
  EXPECT_EQ(join_uri("s3://b/p//", "//k"), "s3://b/p/k");
  EXPECT_EQ(join_uri("file:///", "a"), "file:///a");
  EXPECT_EQ(join_uri("s3://", "bucket/k"), "s3://bucket/k");
  EXPECT_EQ(join_uri("/", "a"), "/a");
  EXPECT_EQ(join_uri("s3://b/p/", ""), "s3://b/p");
}

}  // namespace
}  // namespace earthcatalog::storage
