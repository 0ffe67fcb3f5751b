#include "earthcatalog/storage/uri.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <filesystem>
#include <vector>

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

TEST(Uri, SpellingsOfOneLocalPlaceAreOne) {
  for (const char* text : {"/p/a b%41/x", "file:/p/a b%41/x", "file:///p/a b%41/x", "file://localhost/p/a b%41/x",
                           "FILE:/p/a b%41/x/", "file:////p//a b%41/./x", "//p/a b%41/y/../x//"}) {
    EXPECT_EQ(normal(text), "file:///p/a b%41/x") << text;
  }
  EXPECT_EQ(normal("file:/"), "file:///");
  EXPECT_EQ(normal("file://"), "file:///");
  const auto host = normalize_uri("file://server/a");
  ASSERT_FALSE(host.has_value());
  EXPECT_EQ(host.error().kind, ErrorKind::kInvalidArgument);
}

TEST(Uri, SchemesOfOneStoreAreOne) {
  for (const char* text : {"s3://b/k", "s3a://b/k", "s3n://b/k", "S3A://b/k/"}) EXPECT_EQ(normal(text), "s3://b/k");
  EXPECT_EQ(normal("gcs://b/k"), normal("gs://b/k"));
  EXPECT_EQ(normal("abfss://c@a.dfs.core.windows.net/k"), normal("abfs://c@a.dfs.core.windows.net/k"));
}

TEST(Uri, OneSlashAfterTheSchemeIsNoLocalPath) {
  for (const char* text : {"s3:/b/k", "S3A:/b", "gs:/b/k", "memory:/b"}) {
    const auto uri = normalize_uri(text);
    ASSERT_FALSE(uri.has_value()) << text;
    EXPECT_EQ(uri.error().kind, ErrorKind::kInvalidArgument);
  }
  EXPECT_EQ(normal("/a/s3:/b"), "file:///a/s3:/b");
}

TEST(Uri, FileUrisThatAUserTypesAreDecodedOnce) {
  const auto decoded = [](std::string_view text) { return decode_file_uri(text).value_or("error"); };
  EXPECT_EQ(decoded("file:///a%20b/c%2B+d/"), "/a b/c++d/");
  EXPECT_EQ(decoded("file:/a%2541"), "/a%41");
  EXPECT_EQ(decoded(decoded("file:///a%2541")), "/a%41");
  EXPECT_EQ(decoded("file://localhost/a"), "/a");
  EXPECT_EQ(decoded("/a%20b"), "/a%20b");
  EXPECT_EQ(decoded("s3://b/a%20b"), "s3://b/a%20b");
  EXPECT_EQ(decoded(""), "");
  EXPECT_FALSE(decode_file_uri("file:///100%/x").has_value());
  EXPECT_FALSE(decode_file_uri("file://server/a").has_value());
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

TEST(Uri, KeysOfObjectsDifferByTheirSlashes) {
  EXPECT_NE(place_key("s3://b/a//k"), place_key("s3://b/a/k"));
  EXPECT_NE(place_key("s3://b//k"), place_key("s3://b/k"));
  EXPECT_NE(place_key("s3://b/a/../k"), place_key("s3://b/k"));
}

TEST(Uri, PlaceKeyOfOtherTextIsTheText) {
  EXPECT_EQ(place_key(""), "");
  EXPECT_EQ(place_key("file://server/a"), "file://server/a");
  EXPECT_EQ(place_key("hdfs://name:8020/a"), "hdfs://name:8020/a");
}

// Names with all that has a meaning somewhere: in URIs, in paths, to SQL and to shells.
rc::Gen<std::string> path_segment() {
  return rc::gen::suchThat(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab .%2F041:?#+~'\"\\*=&\xc3\xbc"))),
      [](const std::string& name) { return !name.empty() && name != "." && name != ".."; });
}

std::string path_of(const std::vector<std::string>& segments) {
  std::string path;
  for (const auto& segment : segments) path += "/" + segment;
  return path.empty() ? "/" : path;
}

TEST(Uri, NormalizingIsIdempotent) {
  EXPECT_TRUE(rc::check([] {
    const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab/.:%41s3file~ ")));
    const auto once = normalize_uri(text);
    if (once) RC_ASSERT(normal(*once) == *once);
    RC_ASSERT(place_key(place_key(text)) == place_key(text));
  }));
}

TEST(Uri, EverySpellingOfAPathIsOnePlace) {
  EXPECT_TRUE(rc::check([] {
    const auto segments = *rc::gen::container<std::vector<std::string>>(path_segment());
    const auto others = *rc::gen::container<std::vector<std::string>>(path_segment());
    const std::string path = path_of(segments);
    const std::vector<std::string> prefixes{"", "file:", "file://", "file://localhost", "//."};
    const auto prefix = *rc::gen::elementOf(prefixes);
    // Behind the root alone a suffix would make an authority of what follows "file:/".
    const auto suffix =
        segments.empty() ? std::string() : *rc::gen::elementOf(std::vector<std::string>{"", "/", "//", "/.", "/x/.."});
    RC_ASSERT(place_key(prefix + path + suffix) == place_key(path));
    RC_ASSERT((place_key(path_of(others)) == place_key(path)) == (others == segments));
    RC_ASSERT(place_key("s3a://b" + path) == place_key("s3://b" + path));
    RC_ASSERT(place_key("s3://b" + path) != place_key("s3://c" + path));
    RC_ASSERT(place_key("s3://b" + path) != place_key(path));
  }));
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
