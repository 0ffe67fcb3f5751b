#include "earthcatalog/inventory/formats/csv_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "inventory/helpers.h"

namespace earthcatalog::inventory {
namespace {

using Records = std::vector<std::vector<std::string>>;

Result<Records> parse(std::string text, std::vector<std::size_t> chunks = {1 << 16}, std::size_t buffer = 256 << 10) {
  CsvParser parser(std::make_unique<ChunkSource>(std::move(text), std::move(chunks)), buffer);
  Records records;
  std::vector<std::string_view> fields;
  for (;;) {
    EC_ASSIGN_OR_RETURN(const bool more, parser.next(fields));
    if (!more) return records;
    records.emplace_back(fields.begin(), fields.end());
  }
}

TEST(CsvParser, ReadsRecords) {
  const struct {
    const char* text;
    Records records;
  } cases[] = {
      {"", {}},
      {"\n\r\n\n", {}},
      {"a", {{"a"}}},
      {"a,b\nc,d", {{"a", "b"}, {"c", "d"}}},
      {"a,b\r\nc,d\r\n", {{"a", "b"}, {"c", "d"}}},
      {"\n\na,b\n\n\nc\n", {{"a", "b"}, {"c"}}},
      {"a,,\n,\n", {{"a", "", ""}, {"", ""}}},
      {"\"\"\n", {{""}}},
      {"\"a,b\",\"c\nd\",\"e\r\nf\"\n", {{"a,b", "c\nd", "e\r\nf"}}},
      {"\"a\"\"b\",\"\"\"\",\"\"\"\"\"\"\r\n", {{"a\"b", "\"", "\"\""}}},
      {"\"a\"\r", {{"a"}}},
      {"a\r", {{"a"}}},
      {"a\rb,c\rd\n", {{"a\rb", "c\rd"}}},
      {"a\"b,c\"\"d\n", {{"a\"b", "c\"\"d"}}},
      {" \"a\" ,b\n", {{" \"a\" ", "b"}}},
      {"\xEF\xBB\xBF"
       "a,b\n\xEF\xBB\xBF"
       "c\n",
       {{"a", "b"},
        {"\xEF\xBB\xBF"
         "c"}}},
      {"\xEF\xBB\xBF\"a\"\n", {{"a"}}},
      {"\xC3\xA9,\xF0\x9F\x8C\x8D\n", {{"é", "🌍"}}},
  };
  for (const auto& [text, records] : cases) {
    for (const std::size_t chunk : {1, 2, 3, 1000}) {
      const auto parsed = parse(text, {chunk}, 16);
      ASSERT_TRUE(parsed.has_value()) << text << ": " << parsed.error().message;
      EXPECT_EQ(*parsed, records) << text << " in chunks of " << chunk;
    }
  }
}

TEST(CsvParser, NamesTheRowAndByteOfAnError) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"a,b\n\"c,d\ne,f\n", "row 2 (byte 4): the text ends inside a quoted field"},
      {"a\n\n\"b\"c,d\n", "row 2 (byte 6): expected a comma"},
      {"\"a\"\rb\n", "row 1 (byte 3): expected a comma"},
      {"\"", "row 1 (byte 0)"},
      {"a,\"b\"\"", "row 1 (byte 0)"},
  };
  for (const auto& [text, message] : cases) {
    for (const std::size_t chunk : {1, 1000}) {
      const auto parsed = parse(text, {chunk}, 16);
      ASSERT_FALSE(parsed.has_value()) << text;
      EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalidData);
      EXPECT_THAT(parsed.error().message, testing::HasSubstr(message));
    }
  }
}

TEST(CsvParser, GivesUpOnARecordWithoutEnd) {
  const auto parsed = parse("a\n\"" + std::string(17 << 20, 'x'));
  ASSERT_FALSE(parsed.has_value());
  EXPECT_THAT(parsed.error().message, testing::HasSubstr("row 2 (byte 2): no end of the row within 16 MiB"));
}

TEST(CsvParser, KnowsWhereItIs) {
  CsvParser parser(std::make_unique<ChunkSource>("a,b\n\n\"c\nd\",e\nf\n", std::vector<std::size_t>{3}), 16);
  std::vector<std::string_view> fields;
  const std::string expected[] = {"row 1 (byte 0)", "row 2 (byte 5)", "row 3 (byte 13)"};
  for (const auto& position : expected) {
    ASSERT_TRUE(*parser.next(fields));
    EXPECT_EQ(parser.position(), position);
  }
  EXPECT_FALSE(*parser.next(fields));
}

std::string field_text() {
  const auto letters = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("a", "b", ",", "\"", "\n", "\r", " ", "é", "%", "+"));
  std::string out;
  for (const auto& letter : letters) out += letter;
  return out;
}

// A record, some fields quoted although they need not be.
std::string write(const std::vector<std::string>& record, bool crlf) {
  std::string out;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const auto& field = record[i];
    const bool needs_quotes = field.find_first_of(",\n\"\r") != field.npos || (record.size() == 1 && field.empty());
    if (i > 0) out += ',';
    out += needs_quotes || *rc::gen::arbitrary<bool>() ? csv_quote(field) : field;
  }
  return out + (crlf ? "\r\n" : "\n");
}

RC_GTEST_PROP(CsvParserProperty, WhatIsWrittenIsRead, ()) {
  const auto rows = *rc::gen::inRange<std::size_t>(0, 20);
  Records records(rows);
  std::string text;
  for (auto& record : records) {
    record.resize(*rc::gen::inRange<std::size_t>(1, 6));
    for (auto& field : record) field = field_text();
    text += write(record, *rc::gen::arbitrary<bool>());
  }
  const auto chunks =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 40)));
  const auto parsed = parse(text, chunks, 16);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == records);
}

RC_GTEST_PROP(CsvParserProperty, ChunksMakeNoDifference, ()) {
  const std::string text = field_text() + "\n" + field_text() + field_text();
  const auto chunks =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 9)));
  const auto whole = parse(text);
  const auto chunked = parse(text, chunks, 16);
  RC_ASSERT(whole.has_value() == chunked.has_value());
  if (whole) {
    RC_ASSERT(*whole == *chunked);
  } else {
    RC_ASSERT(whole.error().message == chunked.error().message);
  }
}

}  // namespace
}  // namespace earthcatalog::inventory
