#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "inventory/helpers.h"

namespace earthcatalog::inventory {
namespace {

Result<std::string> inflate_all(std::string bytes, std::vector<std::size_t> chunks = {1 << 16},
                                std::size_t piece = 100) {
  const auto source = gunzip(std::make_unique<ChunkSource>(std::move(bytes), std::move(chunks)));
  std::string out;
  std::string buffer(piece, '\0');
  for (;;) {
    EC_ASSIGN_OR_RETURN(const std::size_t size, source->read(buffer));
    if (size == 0) return out;
    out.append(buffer, 0, size);
  }
}

TEST(Gzip, ReadsMembersOneAfterTheOther) {
  const std::string bytes = gzip("hello ") + gzip("") + gzip("world");
  for (const std::size_t chunk : {1, 7, 1000}) {
    EXPECT_EQ(inflate_all(bytes, {chunk}).value(), "hello world");
    EXPECT_EQ(inflate_all(bytes + std::string(600, '\0'), {chunk}).value(), "hello world") << "padded with zeros";
  }
  EXPECT_EQ(inflate_all(gzip("")).value(), "");
}

TEST(Gzip, TruncationNamesTheByte) {
  const std::string text = "some text, some more text, some text";
  const std::string bytes = gzip(text);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto out = inflate_all(bytes.substr(0, size));
    ASSERT_FALSE(out.has_value()) << size;
    EXPECT_EQ(out.error().kind, ErrorKind::kInvalidData);
    EXPECT_THAT(out.error().message, testing::HasSubstr(fmt::format("ends at byte {}", size)));
  }
  const auto second = inflate_all(bytes + bytes.substr(0, 20));
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message, testing::HasSubstr(fmt::format("ends at byte {}", bytes.size() + 20)));
}

TEST(Gzip, DamageNamesTheByte) {
  std::string bytes = gzip("some text, some more text, some text");
  EXPECT_THAT(inflate_all(bytes + "rubbish").error().message, testing::HasSubstr("behind 1 complete member"));
  bytes[bytes.size() - 6] ^= 1;  // CRC-32
  EXPECT_THAT(inflate_all(bytes).error().message, testing::HasSubstr("incorrect data check"));
  EXPECT_THAT(inflate_all("no gzip at all").error().message, testing::HasSubstr("at byte 2"));
}

RC_GTEST_PROP(GzipProperty, RoundTrip, ()) {
  const auto texts =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(rc::gen::arbitrary<std::string>()));
  const auto chunk = *rc::gen::inRange<std::size_t>(1, 50);
  const auto piece = *rc::gen::inRange<std::size_t>(1, 50);
  std::string bytes;
  std::string text;
  for (const auto& member : texts) {
    bytes += gzip(member);
    text += member;
  }
  RC_ASSERT(inflate_all(bytes, {chunk}, piece).value() == text);
}

}  // namespace
}  // namespace earthcatalog::inventory
